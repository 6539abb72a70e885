//! The name that was probably meant, for remedies.

/// The nearest of the names, if it is near: at most one edit for every three letters.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let most = word.chars().count() / 3;
    names.into_iter().map(|name| (distance(word, name), name)).filter(|(d, _)| *d <= most).min().map(|(_, name)| name)
}

/// Edits (insert, delete, replace, swap of neighbours) that make one of the other, case aside.
fn distance(a: &str, b: &str) -> usize {
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (a, b) = (lower(a), lower(b));
    if a.len().abs_diff(b.len()) > a.len().max(3) {
        return usize::MAX;
    }
    let mut before: Vec<usize> = vec![];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(previous[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none_is() {
        let names = ["expression", "responseCode", "response", "resource", "path"];
        for (word, wanted) in [
            ("expresion", Some("expression")),
            ("ResponseCode", Some("responseCode")),
            ("respnose", Some("response")),
            ("pat", Some("path")),
            ("minimum", None),
            ("pa", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), wanted, "{word}");
        }
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
