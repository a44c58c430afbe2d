//! Errors have a line and a column, and say what was expected and what was found.

use crate::common::{refused, try_render};
use mapping_template::Position;

#[test]
fn parse_errors_have_place_expected_and_found() {
    for (template, expected) in [
        ("a\n  #set $x = 1)", "line 2, column 8: expected `(` after `#set`, found `$x = 1)`"),
        (
            "#set(x = 1)",
            "line 1, column 6: expected the reference to assign, such as `$name`, found `x = 1)`",
        ),
        ("#set($x 1)", "line 1, column 9: expected `=` after the reference of `#set`, found `1)`"),
        ("#set($x = )", "line 1, column 11: expected a value, found `)`"),
        ("#set($x = 1", "line 1, column 12: expected `)` to close `#set(`, found the end of the template"),
        ("#set($x = 'é' ~)", "line 1, column 15: expected `)` to close `#set(`, found `~)`"),
        ("#set($x = {'a' 1})", "line 1, column 16: expected `:` after the key of a map, found `1})`"),
        ("#set($x = {'a': 1,})", "line 1, column 19: expected a value, found `})`"),
        (
            "#set($x = 'a)\n\n",
            "line 3, column 1: expected `'` to close the string at line 1, column 11, found the end of the template",
        ),
        (
            "#if(true)\n#else\n#else\n#end",
            "line 3, column 1: expected `#end` of the `#if` at line 1, column 1, found `#else`",
        ),
        ("x #end", "line 1, column 3: expected text or a directive that begins a block, found `#end`"),
        ("#if true", "line 1, column 5: expected `(` after `#if`, found `true`"),
        (
            "#foreach($i of [1])#end",
            "line 1, column 13: expected `in` after the loop's variable, found `of [1])#end`",
        ),
        (
            "#foreach(i in [1])#end",
            "line 1, column 10: expected the loop's variable, such as `$item`, found `i in [1])#end`",
        ),
        ("Hello ${name.", "line 1, column 13: expected `}` to close the `${` at line 1, column 7, found `.`"),
        ("$a[", "line 1, column 4: expected a value, found the end of the template"),
        ("$a[foo]", "line 1, column 4: expected a value, found `foo]`"),
        (
            "#* never closed",
            "line 1, column 16: expected `*#` to close the `#*` at line 1, column 1, found the end of the template",
        ),
        ("#", "line 1, column 2: expected a directive or text after `#`, found the end of the template"),
        (
            "#foo(a",
            "line 1, column 7: expected `)` to close the arguments of `#foo`, found the end of the template",
        ),
    ] {
        assert_eq!(refused(template).to_string(), expected, "{template}");
    }
}

#[test]
fn positions_in_strings_are_those_in_the_template() {
    let error = refused("\n#set($x = \"{\"\"a\"\": \"\"$b.c(\"\"x\"\" 1)\"\"}\")");
    assert_eq!(error.position(), Some(Position { line: 2, column: 33 }));
    assert_eq!(error.to_string(), "line 2, column 33: expected `,` or `)` in the arguments, found `1)\\\"}`");
}

#[test]
fn render_errors_have_a_place() {
    let error = try_render("line\n  $input.body.substring(9)", "abc").unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 15: index 9 is outside of 0..3");
    let error = try_render("#set($x = \"\"\"$util.parseJson('no')\"\"\")", "").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 20: $util.parseJson expected JSON, found `no`");
}
