//! Text, references and directives, as recorded on AWS (docs/aws-behaviour.md#template-language).

use crate::common::{air_table, refused, render};

#[test]
fn undefined_renders_empty() {
    air_table(&[
        ("Hello $name", "{}", "Hello "),
        ("Hello $!name", r#"{"name":"world"}"#, "Hello world"),
        ("Hello $!name", "{}", "Hello "),
        ("Hello ${name}.", r#"{"name":"World"}"#, "Hello World."),
        ("Hello $name}.", r#"{"name":"World"}"#, "Hello World}."),
        (" $user.name ", r#"{"user":{"items":"1;2;3"}}"#, "  "),
        ("$!{a.b}$!a.b${a}", "{}", ""),
    ]);
}

#[test]
fn undefined_is_true_and_only_false_is_false() {
    air_table(&[
        ("#if(${a.b.c})yes!#end", r#"{"a":{"b":{"c":"d"}}}"#, "yes!"),
        ("#if(${a.b.c})yes!#end", r#"{"a":{"b":{"c":false}}}"#, ""),
        ("#if($a)yes!#end", r#"{"a":false}"#, ""),
        ("#if(${a.b.c})yes!#end", "{}", "yes!"),
        ("#if($!{a.b.c})yes!#end", "{}", "yes!"),
        ("#if ($some_value)hide me#end", r#"{"some_value":null}"#, "hide me"),
        ("#if($a == $null)n#end#if($a == \"\")e#end#if($a != \"\")x#end", "{}", "ne"),
    ]);
}

#[test]
fn literals_and_calculations_are_not_true() {
    for condition in [
        "''",
        "\"a\"",
        "\"$x\"",
        "0",
        "1",
        "1.5",
        "[]",
        "[1]",
        "{}",
        "{'a': 1}",
        "[1..2]",
        "1 + 1",
        "$x + 1",
        "7 / 0",
        "('a')",
        "'a' && true",
        "true && 'a'",
        "'a' || false",
        "!$x",
        "!true",
    ] {
        assert_eq!(render(&format!("#set($x = 'a')#if({condition})T#{{else}}F#end"), ""), "F", "{condition}");
    }
    for condition in [
        "true",
        "$x",
        "$none",
        "$none.a",
        "$x && true",
        "$none || 'a'",
        "!'a'",
        "not []",
        "!(1 + 1)",
        "1 == 1",
        "((true))",
        "$l",
        "$z",
    ] {
        let template = format!("#set($x = 'a')#set($l = [])#set($z = 0)#if({condition})T#{{else}}F#end");
        assert_eq!(render(&template, ""), "T", "{condition}");
    }
    assert_eq!(
        render("#set($v = 'a' && true)$v#set($v = !1)$v#set($v = $none && true)$v", ""),
        "falsetruetrue"
    );
}

#[test]
fn if_elseif_else() {
    air_table(&[
        (
            "Hello #if ($greet)your name is ${name}#end Good to see you",
            r#"{"name":"Steve","greet":false}"#,
            "Hello  Good to see you",
        ),
        ("#if ($value) true #else false #end", "{}", " true "),
        ("#if($value)true#{else}false#end", r#"{"value":false}"#, "false"),
        ("#if($value)true#{end}monkey", "{}", "truemonkey"),
        ("#if ($a) one #elseif ($b) two #end", r#"{"a":false,"b":true}"#, " two "),
        ("#if ($a) one #elseif ($b) two #elseif($c) three #end", r#"{"a":true,"b":false,"c":true}"#, " one "),
        ("#if ($a) one #elseif ($b) two #else three #end", r#"{"a":false,"b":false}"#, " three "),
        ("\n#if(true)\nhello##\n#end", "{}", "\nhello"),
        (
            "hello #if ($greet)${name}.\n#if($birthday)Happy Birthday\n#end.\n#end Off out later?",
            r#"{"greet":true,"name":"Steve","birthday":true}"#,
            "hello Steve.\nHappy Birthday\n.\n Off out later?",
        ),
    ]);
}

#[test]
fn word_that_starts_with_a_directive_is_text() {
    assert!(
        refused("#if(true)a#endOff").to_string().contains("expected `#end` of the `#if` at line 1, column 1")
    );
    assert_eq!(render("#settings #iffy #ending #{end", ""), "#settings #iffy #ending #{end");
}

#[test]
fn set_removes_its_line_and_keeps_indentation_after_text() {
    let object = "\n        #set( $o = {\n          \"userId\": \"user1\",\n          \"domain\": \"domain1\"\n        } )\n        {\n          \"key\": \"$o.userId\",\n          \"domain\": \"$o.domain\"\n        }\n        ";
    let expected = "\n                {\n          \"key\": \"user1\",\n          \"domain\": \"domain1\"\n        }\n        ";
    air_table(&[(object, "{}", expected)]);
    // Blanks between two directives are removed too, as in the preamble of the recordings.
    assert_eq!(render("#set($a = 1) #set($b = 2)\n  #set($c = 3)\r\n$a$b$c", ""), "123");
}

#[test]
fn escaped_references_and_directives() {
    let template = "\n#set( $email = \"foo\" )\n$email\n\\$email\n\\\\$email\n\\\n\\\\ \\# \\$\n\\#end\n\\# end\n\\#set( $email = \"foo\" )\n";
    let expected = "\nfoo\n$email\n\\foo\n\\\n\\\\ \\# \\$\n#end\n\\# end\n#set( foo = \"foo\" )\n";
    air_table(&[
        (template, "{}", expected),
        (
            "#set($hello=\"hello, \\$name is my name\")$hello",
            r#"{"name":"Steve"}"#,
            "hello, $name is my name",
        ),
    ]);
}

#[test]
fn comments_render_nothing() {
    air_table(&[
        ("## comment\nStuff\nMore stuff## more comments $blah", "{}", "Stuff\nMore stuff"),
        ("Stuff#*\n more comments *#\n and more stuff", "{}", "Stuff\n and more stuff"),
    ]);
    assert_eq!(render("a#[[ $raw #if ]]#b", ""), "a $raw #if b");
}

#[test]
fn foreach_loops() {
    let names = r#"{"names":["Chris","Steve"],"greetings":["Hello","Goodbye"]}"#;
    air_table(&[
        ("#foreach ($name in $names)Hello $name. #end$name", names, "Hello Chris. Hello Steve. "),
        (
            "#foreach ($word in $greetings)$word to#foreach ($word in $names) $word#end. #end",
            names,
            "Hello to Chris Steve. Goodbye to Chris Steve. ",
        ),
        ("#foreach($value in $values)foo#end", "{}", ""),
        ("#foreach( $v in [1..5] )$v\n#end", "{}", "1\n2\n3\n4\n5\n"),
        ("#foreach( $v in [5..-2] )$v,#end", "{}", "5,4,3,2,1,0,-1,-2,"),
        ("#set($i = 1)$i,#foreach ($i in [2, 3, 4])$i,#set($i = $i)#end$i", "{}", "1,2,3,4,1"),
        (
            "#set($var = 1)#foreach ($i in $items)$var,#set($var = $i)#end$var",
            r#"{"items":[2,3,4]}"#,
            "1,2,3,4",
        ),
        (
            "#set($v = [[\"Hello \", \"Steve\"], [\"Hello\", \" Chris\"]])#foreach($p in $v)#foreach($w in $p)$w#end. #end",
            "{}",
            "Hello Steve. Hello Chris. ",
        ),
    ]);
    assert_eq!(render("#foreach($v in $input.path('$'))$v,#end", r#"{"a":1,"b":2}"#), "1,2,");
    assert_eq!(render("#foreach($v in 'text')x#end#foreach($v in 1)x#end", ""), "");
}

#[test]
fn foreach_state() {
    air_table(&[
        ("#foreach ($i in [1, 2, 3])$i. #if ($velocityHasNext)yes#end, #end", "{}", "1. yes, 2. yes, 3. , "),
        ("#foreach ($i in [1, 2, 3])$i. #if ($foreach.hasNext)yes#end, #end", "{}", "1. yes, 2. yes, 3. , "),
        ("#foreach ($i in [1, 2, 3])$i. #if ($foreach.first)yes#end, #end", "{}", "1. yes, 2. , 3. , "),
        ("#foreach ($i in [1, 2, 3])$i. #if ($foreach.last)yes#end, #end", "{}", "1. , 2. , 3. yes, "),
        ("#foreach ($w in ['a','b'])$velocityCount,$foreach.index;#end", "{}", "1,0;2,1;"),
        (
            "#foreach ($j in [1,2])#foreach ($i in [3, 4])$foreach.count,#end$foreach.count|#end",
            "{}",
            "1,2,1|1,2,2|",
        ),
    ]);
    assert_eq!(
        render("#foreach($a in [1,2])#foreach($b in [1])$foreach.parent.index#end#end$!foreach.index", ""),
        "01"
    );
}

#[test]
fn foreach_ends_after_1000_rounds() {
    let rendered = render("#foreach($i in [1..2000])$i,#end", "");
    assert!(rendered.ends_with(",1000,"), "{}", &rendered[rendered.len() - 12..]);
}

#[test]
fn break_and_stop() {
    air_table(&[("hello #stop world", "{}", "hello ")]);
    assert_eq!(render("#foreach($i in [1..5])$i#if($i == 3)#break#end,#end.", ""), "1,2,3.");
    assert_eq!(render("#foreach($i in [1..5])#break($foreach)#end.", ""), ".");
    assert_eq!(render("#foreach($i in [1..5])$i#if($i == 2)#stop#end#end.", ""), "12");
    assert_eq!(render("a#{break}b", ""), "a");
}

#[test]
fn define_renders_where_it_is_used() {
    air_table(&[
        ("#define ( $hello)hi#end$hello()$hello()", "{}", "hi()hi()"),
        ("#define ( $showindex )$foreach.index#end#foreach($x in [1,2,3])$showindex#end", "{}", "012"),
        (
            "\n#define( $myfunc )$ctx#end\n#set( $ctx = 'foo' )\n$myfunc\n#set( $ctx = 'bar' )\n$myfunc\n",
            "{}",
            "\nfoo\nbar\n",
        ),
    ]);
}

#[test]
fn macro_evaluate_and_return_are_text() {
    air_table(&[
        ("#macro(tryme)$values#end#tryme()", "{}", "#tryme()"),
        ("\n#macro ( blah )\nhello##\n#end\n#blah()", "{}", "\n#blah()"),
        ("#macro ( recur $number)#if ($number > 0)#recur($number)X#end#end#recur(5)", "{}", "#recur(5)"),
        (
            "\n#set($source1 = \"abc\")\n#set($select = \"1\")\n#set($dynamicsource = \"$source$select\")\n## comment\n#evaluate($dynamicsource)",
            "{}",
            "\n#evaluate($dynamicsource)",
        ),
        ("#set($v1 = {})#set($ignore = $v1.put('foo', 'bar'))#return($v1)", "{}", "#return($v1)"),
    ]);
    assert_eq!(
        render("#include('a)') #parse( \"$x\" ) #general", ""),
        "#include('a)') #parse( \"$x\" ) #general"
    );
}

#[test]
fn values_are_not_parsed_again() {
    let body = r##"{"t":"$u{}\\1 #end $util.base64Encode('a') #set($x=1)"}"##;
    assert_eq!(render("$input.path('$.t')", body), r"$u{}\1 #end $util.base64Encode('a') #set($x=1)");
    assert_eq!(render("#set($p = \"<$input.body>\")$p", body), format!("<{body}>"));
}

#[test]
fn escaped_reference_to_nothing_is_its_text() {
    assert_eq!(render("\\$none \\\\$none. \\$!{none.x}", ""), "$none \\. $!{none.x}");
}

#[test]
fn set_to_nothing_makes_undefined() {
    assert_eq!(render("#set($a = 1)#set($a = $none)[$a]#if($a == \"\")empty#end", ""), "[]empty");
    // Velocity does not assign null, the result of a failed calculation.
    assert_eq!(render("#set($a = 3)#set($a = 7 / 0)$a", ""), "3");
    // An assignment below an undefined variable has no effect.
    assert_eq!(render("#set($none.a = 1)#set($none[0] = 1)[$none]", ""), "[]");
}

#[test]
fn variables_shadow_builtins() {
    assert_eq!(render("#set($context = {'a':1})$context.a#set($input = 'x')$input", ""), "1x");
}

#[test]
fn names_begin_with_a_letter_or_an_underscore() {
    assert_eq!(render("#set($_x = 1)$_x", ""), "1");
    assert!(refused("#set($0 = 1)").to_string().contains("a name that begins with a letter"));
    assert_eq!(render("#set($a-b_1 = 1)$a-b_1 ${a-b_1}", ""), "1 1");
}
