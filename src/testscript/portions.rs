//! The scripts of a run, a portion at a time, so that thousands need the memory of some hundreds.
//!
//! Most sets are one portion: that is loaded once and kept. A larger one is gone through as often as it is
//! needed (to say what is wrong, to plan, to run), and each time a portion is loaded when its turn comes.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;

use super::model::{Properties, Side, TestScript};
use super::set::{ScriptFile, ScriptSet};

/// Text of scripts that is loaded together, in bytes; loaded it is about three times that.
const TEXT: usize = 6 << 20;

/// What is known of a script that is not at hand.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its file.
    pub path: PathBuf,
    /// What its folder says.
    pub properties: Arc<Properties>,
    /// The side that is under test.
    pub side: Side,
}

impl Card {
    /// Of a script that is.
    pub fn of(script: &TestScript) -> Card {
        Card { path: script.path.clone(), properties: script.properties.clone(), side: script.side() }
    }

    /// Of each of these.
    pub fn all(scripts: &[Arc<TestScript>]) -> Vec<Card> {
        scripts.iter().map(|script| Card::of(script)).collect()
    }
}

/// Scripts that can be gone through in portions.
pub struct Portions<'s> {
    set: Option<ScriptSet<'s>>,
    cuts: Vec<Range<usize>>,
    cards: Vec<Card>,
    /// The scripts, when one portion is all.
    whole: Vec<Arc<TestScript>>,
}

impl<'s> Portions<'s> {
    /// Loads every script once, and comes back with everything that is wrong with them.
    pub fn load(set: ScriptSet<'s>) -> (Portions<'s>, Vec<Diagnostic>) {
        Portions::of_size(set, TEXT)
    }

    fn of_size(set: ScriptSet<'s>, text: usize) -> (Portions<'s>, Vec<Diagnostic>) {
        let cuts = cuts(set.sizes(), text);
        let mut portions = Portions { set: Some(set), cuts, cards: vec![], whole: vec![] };
        let mut problems = vec![];
        for cut in portions.cuts.clone() {
            let mut scripts = vec![];
            for (script, wrong) in portions.loaded(cut) {
                problems.extend(wrong);
                scripts.extend(script);
            }
            portions.cards.extend(Card::all(&scripts));
            if portions.cuts.len() == 1 {
                portions.whole = scripts;
            }
        }
        (portions, problems)
    }

    /// Scripts that are at hand.
    pub fn whole(scripts: Vec<Arc<TestScript>>) -> Portions<'s> {
        Portions { set: None, cuts: vec![], cards: Card::all(&scripts), whole: scripts }
    }

    fn loaded(&self, cut: Range<usize>) -> Vec<(Option<Arc<TestScript>>, Vec<Diagnostic>)> {
        let Some(set) = &self.set else { return vec![] };
        set.map_some(cut, |loaded| (loaded.script.map(Arc::new), loaded.problems))
    }

    /// What is known of each script, in order.
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The files of the scripts, where they are not at hand by other means.
    pub fn files(&self) -> &[ScriptFile] {
        self.set.as_ref().map_or(&[], ScriptSet::scripts)
    }

    /// The portions in order, each loaded when it is asked for.
    pub fn iter(&self) -> impl Iterator<Item = Vec<Arc<TestScript>>> + '_ {
        let kept = self.cuts.len() < 2;
        let whole = kept.then(|| self.whole.clone());
        let cuts = if kept { &[] } else { self.cuts.as_slice() };
        let load = |cut: &Range<usize>| self.loaded(cut.clone()).into_iter().filter_map(|(script, _)| script).collect();
        whole.into_iter().chain(cuts.iter().map(load))
    }

    /// All of them at once.
    pub fn all(&self) -> Vec<Arc<TestScript>> {
        self.iter().flatten().collect()
    }
}

/// Where portions of texts of these sizes begin and end; a text larger than a portion has one of its own.
fn cuts(sizes: &[usize], text: usize) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = vec![];
    let mut filled = 0;
    for (at, size) in sizes.iter().enumerate() {
        filled += size;
        match cuts.last_mut() {
            Some(last) if filled <= text => last.end = at + 1,
            _ => {
                cuts.push(at..at + 1);
                filled = *size;
            }
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testscript::source::Carried;

    #[test]
    fn texts_are_cut_by_size_and_none_is_left_out() {
        assert!(cuts(&[], 10).is_empty());
        assert_eq!(cuts(&[3, 7, 1], 10), [0..2, 2..3]);
        assert_eq!(cuts(&[30, 1, 9, 1], 10), [0..1, 1..3, 3..4]);
        assert_eq!(cuts(&[0, 0, 10], 10), vec![0..3]);
    }

    #[test]
    fn portions_hold_the_same_scripts_as_the_whole() {
        let texts: Vec<(String, String)> = (0..7)
            .map(|n| (format!("s/{n}.json"), format!(r#"{{"resourceType": "TestScript", "id": "t{n}", "odd": {n}}}"#)))
            .collect();
        let carried = Carried::new(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let set = || ScriptSet::collect(&carried, &["s".into()]).expect("there are scripts");
        let (whole, said) = Portions::load(set());
        let (parts, said_of_parts) = Portions::of_size(set(), texts[0].1.len() * 2);
        assert_eq!((whole.iter().count(), parts.iter().count()), (1, 4));
        let ids = |portions: &Portions<'_>| portions.all().iter().map(|s| s.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&whole), ids(&parts));
        assert_eq!(ids(&whole).len(), 7);
        assert_eq!(said.len(), said_of_parts.len());
        let paths = |portions: &Portions<'_>| portions.cards().iter().map(|c| c.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&whole), paths(&parts));
    }
}
