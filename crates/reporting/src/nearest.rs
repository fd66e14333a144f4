//! Names that are spelled much like what somebody wrote, so that an error can say "did you mean".

/// How many names are suggested.
const SUGGESTIONS_MAX: usize = 3;

/// The names most like `wanted`, best first; empty if none is much like it.
///
/// Case does not matter. A name is like another if a third of its letters or fewer must be changed, added,
/// dropped or swapped, or if it contains the other.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.trim().to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&wanted, &lower);
            let allowed = wanted.chars().count().max(lower.chars().count()) / 3;
            let contains = wanted.chars().count() >= 3 && lower.contains(&wanted);
            (distance <= allowed || contains).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name).collect()
}
