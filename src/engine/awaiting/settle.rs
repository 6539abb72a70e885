//! Giving held requests away: rule 6 of the room.

use std::collections::BTreeMap;

/// A held request that may be meant for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// Number of the request.
    pub ticket: usize,
    /// Place of the operation in script order.
    pub slot: usize,
    /// How near it is.
    pub points: u32,
}

/// Who gets what. Requests and operations that hang together are dealt with together: when there are as
/// many requests as operations, or when `closing`; else they wait.
pub fn settle(chances: &[Chance], closing: bool) -> Vec<(usize, usize)> {
    let mut given = vec![];
    for mut group in groups(chances) {
        let slots = count(group.iter().map(|c| c.slot));
        let tickets = count(group.iter().map(|c| c.ticket));
        if tickets < slots && !closing {
            continue;
        }
        group.sort_by_key(|c| (std::cmp::Reverse(c.points), c.ticket, c.slot));
        let mut taken: Vec<(usize, usize)> = vec![];
        for chance in group {
            if taken.iter().all(|(ticket, slot)| *ticket != chance.ticket && *slot != chance.slot) {
                taken.push((chance.ticket, chance.slot));
            }
        }
        given.extend(taken);
    }
    given
}

fn count(of: impl Iterator<Item = usize>) -> usize {
    of.collect::<std::collections::BTreeSet<_>>().len()
}

/// Chances that share a request or an operation, directly or through others.
fn groups(chances: &[Chance]) -> Vec<Vec<Chance>> {
    // The group of each request and operation; groups that meet become one.
    let mut of_ticket: BTreeMap<usize, usize> = BTreeMap::new();
    let mut of_slot: BTreeMap<usize, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Chance>> = vec![];
    for chance in chances {
        let (a, b) = (of_ticket.get(&chance.ticket).copied(), of_slot.get(&chance.slot).copied());
        let into = match a.or(b) {
            Some(group) => group,
            None => {
                groups.push(vec![]);
                groups.len() - 1
            }
        };
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            let moved = std::mem::take(&mut groups[b]);
            for chance in &moved {
                of_ticket.insert(chance.ticket, a);
                of_slot.insert(chance.slot, a);
            }
            groups[a].extend(moved);
        }
        of_ticket.insert(chance.ticket, into);
        of_slot.insert(chance.slot, into);
        groups[into].push(*chance);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(chances: &[(usize, usize, u32)], closing: bool) -> Vec<(usize, usize)> {
        let chances: Vec<Chance> = chances
            .iter()
            .map(|(ticket, slot, points)| Chance { ticket: *ticket, slot: *slot, points: *points })
            .collect();
        let mut given = settle(&chances, closing);
        given.sort_unstable();
        given
    }

    #[test]
    fn the_nearest_wins_and_of_equals_the_first() {
        assert_eq!(settled(&[(1, 1, 9), (1, 2, 12)], true), [(1, 2)]);
        assert_eq!(settled(&[(1, 1, 9), (1, 2, 9)], true), [(1, 1)]);
        assert_eq!(settled(&[(1, 1, 9), (2, 1, 12), (1, 2, 8), (2, 2, 9)], false), [(1, 2), (2, 1)]);
        assert_eq!(settled(&[(2, 1, 9), (1, 1, 9)], false), [(1, 1)]);
    }

    #[test]
    fn what_may_still_come_is_waited_for() {
        assert_eq!(settled(&[(1, 1, 9), (1, 2, 9)], false), []);
        assert_eq!(settled(&[(1, 1, 9), (1, 2, 9), (5, 7, 3)], false), [(5, 7)]);
        // Two groups that meet are one.
        assert_eq!(settled(&[(1, 1, 9), (2, 2, 9), (1, 3, 1), (2, 3, 1)], false), []);
        assert_eq!(settled(&[(1, 1, 9), (2, 2, 9), (1, 3, 1), (2, 3, 1)], true), [(1, 1), (2, 2)]);
    }
}
