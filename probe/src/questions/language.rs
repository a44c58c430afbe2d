//! The language of mapping templates, by the templates of integration responses: clients see the result.

use super::{How, Question};

const fn language(
    id: &'static str,
    asks: &'static str,
    rows: &'static [&'static str],
    template: &'static str,
) -> Question {
    Question { id, asks, rows, how: How::Language { template } }
}

pub(super) const QUESTIONS: &[Question] = &[
    language(
        "foreach-limit",
        "how many iterations does a #foreach make at most?",
        &["template/foreach-limit", "gateway/mock"],
        "#set($n = 0)#foreach($i in [1..1100])#set($n = $i)#end$n",
    ),
    language("qr", "is there a $util.qr?", &["template/qr"], "<$util.qr(1)>"),
    language(
        "index-out-of-bounds",
        "what does an index outside of a list give?",
        &["template/index-out-of-bounds"],
        "#set($list = [1])<$list.get(5)>",
    ),
    language(
        "escaped-undefined",
        "what does a backslash before an undefined reference render?",
        &["template/escaped-undefined"],
        r"<\$nothing> <\\$nothing>",
    ),
    language(
        "set-null",
        "does #set to an undefined value make a variable undefined?",
        &["template/set-null"],
        "#set($a = 1)#set($a = $nothing)<$a>",
    ),
    language(
        "break",
        "does #break end a loop, and outside of any the template?",
        &["template/break"],
        "#foreach($i in [1..3])$i#break#end after #break never",
    ),
    language(
        "include-parse",
        "are #include and #parse text?",
        &["template/include-parse"],
        r#"#include("x") #parse("x")"#,
    ),
    language("textblock", "is #[[ ]]# a text block?", &["template/textblock"], "<#[[$context.stage #if]]#>"),
    language(
        "values-only",
        "may an operator have no blanks around it?",
        &["template/values-only"],
        "#set($a = 3)#set($b = $a -1)<$b>",
    ),
    language(
        "equality-across-types",
        "is the number 1 equal to the text 1?",
        &["template/equality-across-types"],
        r#"#if(1 == "1")equal#{else}different#end"#,
    ),
    language(
        "unknown-members",
        "what does an unknown method or property give?",
        &["template/unknown-members"],
        r#"#set($text = "x")<$text.nothing><$text.nothing()><$context.nothing><$util.nothing(1)>"#,
    ),
    language(
        "utf16",
        "how long is a character beyond 16 bits?",
        &["template/utf16"],
        r#"#set($text = "🛶")$text.length()"#,
    ),
    language(
        "shadowing",
        "does #set replace a provided name?",
        &["template/shadowing"],
        r#"#set($input = "mine")<$input>"#,
    ),
    language(
        "short-circuit",
        "are operands evaluated that cannot matter?",
        &["template/short-circuit"],
        r#"#set($list = [1])#if(false && $list.get(5) == 1)a#{else}b#end"#,
    ),
    language(
        "overflow",
        "what is one more than the largest 64-bit integer?",
        &["template/overflow"],
        "#set($a = 9223372036854775807)#set($b = $a + 1)<$b>",
    ),
    language(
        "patterns",
        "do regular expressions support lookahead?",
        &["template/patterns"],
        r#"#set($text = "abac")$text.replaceAll("a(?=b)", "x")"#,
    ),
    Question {
        id: "mock-status-text",
        asks: "does MOCK accept a statusCode that is text?",
        rows: &["gateway/mock"],
        how: How::Status(r#""201""#),
    },
    Question {
        id: "mock-status-unmatched",
        asks: "what does a client get for a status that no integration response matches?",
        rows: &["gateway/unmatched-response"],
        how: How::Status("418"),
    },
    Question {
        id: "response-key-whole",
        asks: "must an integration response's key match the whole status?",
        rows: &["gateway/response-key-whole"],
        how: How::Key { key: "/7[0-9]/", template: "a part is enough", status: 275 },
    },
    Question {
        id: "response-template",
        asks: "does $integration.response.statuscode choose a response template?",
        rows: &["gateway/response-template"],
        how: How::Status("291"),
    },
];
