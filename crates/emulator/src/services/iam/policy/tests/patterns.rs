//! Wildcards, against a regular expression.

use crate::services::iam::policy::pattern::like;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_text_matches_itself_and_any_part_replaced_by_a_star(
        text in "[a-c*?]{0,12}", from in 0_usize..13, to in 0_usize..13,
    ) {
        let (from, to) = (from.min(text.len()), to.min(text.len()));
        prop_assume!(from <= to);
        prop_assert!(like(&text, &text));
        let starred = format!("{}*{}", &text[..from], &text[to..]);
        prop_assert!(like(&starred, &text));
    }

    #[test]
    fn wildcards_match_as_a_regular_expression_does(pattern in "[aé*?]{0,8}", text in "[aéè]{0,8}") {
        let expression = format!("^{}$", pattern.replace('*', ".*").replace('?', "."));
        let expected = regex_lite::Regex::new(&expression).unwrap().is_match(&text);
        prop_assert_eq!(like(&pattern, &text), expected);
    }
}
