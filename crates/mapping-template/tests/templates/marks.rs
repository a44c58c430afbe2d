//! Lone `$` and `#`: in text, in strings and at the end of either (docs/aws-behaviour.md#template-lone-marks,
//! #template-trailing-dollar).

use crate::common::{air_table, refused, render};

#[test]
fn lone_dollar_and_hash_are_text() {
    air_table(&[
        ("Hello $ ", "{}", "Hello $ "),
        ("<span style=\"color: #13ff93\">", "{}", "<span style=\"color: #13ff93\">"),
        ("\"#\"", "{}", "\"#\""),
        ("<a href=\"#\">bob</a>", "{}", "<a href=\"#\">bob</a>"),
        ("$5 $- ", "{}", "$5 $- "),
        ("$value", r#"{"value":"Grüße"}"#, "Grüße"),
    ]);
}

#[test]
fn dollar_at_the_end_of_a_template_is_an_error() {
    assert_eq!(
        refused("Hello $").to_string(),
        "line 1, column 8: expected a name or text after `$`, found the end of the template"
    );
    for template in ["$", "$$", "$!", "\\$", "$a$", "#if(true)x#end$", "#$", "#", "# #", "#]]#"] {
        assert!(refused(template).to_string().contains("found the end of the template"), "{template}");
    }
}

#[test]
fn dollar_and_hash_at_the_end_of_a_string_are_text() {
    for (string, expected) in [
        ("Hello $", "Hello $"),
        ("$", "$"),
        ("$$", "$$"),
        ("$$a", "$A"),
        ("${", "${"),
        ("$!{", "$!{"),
        ("${}", "${}"),
        ("$!", "$"),
        ("$! x", "$ x"),
        ("$a$", "A$"),
        ("$a.", "A."),
        ("\\$", "\\$"),
        ("a#", "a#"),
        ("#", "#"),
        ("# ", "# "),
        ("#{", "#{"),
        ("#set", "#set"),
        ("##", ""),
        ("a##b", "a"),
        ("#*", ""),
        ("a#*b*#c", "ac"),
        ("#[[b]]#", "b"),
        ("^[0-9]+$", "^[0-9]+$"),
    ] {
        assert_eq!(render(&format!("#set($a = 'A')#set($x = \"{string}\")$x"), ""), expected, "{string}");
        let single = string.replace('\'', "''");
        assert_eq!(render(&format!("#set($x = '{single}')$x"), ""), string, "{string}");
    }
    assert_eq!(render("$input.json(\"$\") $input.path(\"$\").a", r#"{"a":1}"#), r#"{"a":1} 1"#);
    assert_eq!(
        render("#set($s = 'x1')$s.matches(\"^[a-z][0-9]$\") #if(\"$\" == '$')same#end", ""),
        "true same"
    );
    assert_eq!(render("$util.escapeJavaScript(\"$\").replaceAll(\"\\\\'\",\"'\")", ""), "$");
}

#[test]
fn lone_dollar_and_hash_in_text() {
    for (template, expected) in [
        ("${ ", "${ "),
        ("a ${", "a ${"),
        ("$!{ }", "$!{ }"),
        ("${}", "${}"),
        ("$${a}", "$"),
        ("$.", "$."),
        ("$[", "$["),
        ("$! x", "$ x"),
        ("$!5", "$5"),
        ("$!-", "$-"),
        ("$!#a", "$!#a"),
        ("$![", "$!["),
        ("$!}", "$!}"),
        ("#! ", "#! "),
        ("#(x)", "#(x)"),
        ("#[x", "#[x"),
        ("#{}", "#{}"),
        ("#{a", "#{a"),
        ("#5", "#5"),
        ("#a", "#a"),
        ("#$a", "#"),
        ("#set", "#set"),
        ("\\$5 \\\\$5 \\#5", "\\$5 \\\\$5 \\#5"),
        ("$#if(true)x#end", "x"),
    ] {
        let expected = if template == "$#if(true)x#end" { "$x" } else { expected };
        assert_eq!(render(template, ""), expected, "{template}");
    }
}
