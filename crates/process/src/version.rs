//! What was built.

use std::sync::LazyLock;

/// The version of every program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Digits of a commit that tell it from every other one.
const COMMIT_DIGITS: usize = 12;

/// The commit that was built, where the build of an image or a release says so.
pub fn commit() -> Option<&'static str> {
    option_env!("BUILD_COMMIT").filter(|commit| !commit.is_empty())
}

/// Version and commit, as `--version` shows them.
pub fn version() -> &'static str {
    static SHOWN: LazyLock<String> = LazyLock::new(|| shown(commit()));
    &SHOWN
}

fn shown(commit: Option<&str>) -> String {
    let digits = commit.map(|commit| commit.get(..COMMIT_DIGITS).unwrap_or(commit));
    digits.map_or_else(|| VERSION.to_owned(), |digits| format!("{VERSION} (commit {digits})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_shown_where_it_is_known() {
        assert_eq!(shown(None), VERSION);
        let whole = "9fd9a10c5c1f4b0d8f8b6b0f4c9d7a3e2f1a0b9c";
        assert_eq!(shown(Some(whole)), format!("{VERSION} (commit 9fd9a10c5c1f)"));
        assert_eq!(shown(Some("9fd9a10")), format!("{VERSION} (commit 9fd9a10)"));
    }
}
