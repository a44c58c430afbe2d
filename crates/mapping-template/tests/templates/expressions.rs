//! Literals, operators and methods, as recorded on AWS (docs/aws-behaviour.md#template-language).

use crate::common::{air_table, problem, refused, render};
use mapping_template::{Position, Problem};

#[test]
fn string_literals() {
    air_table(&[
        ("#set ($value = \"Steve\")$value#set ($value = 'Steve')$value", "{}", "SteveSteve"),
        ("#set( $v = \"\" )#set( $y = '' ).$v.$y.", "{}", "..."),
        ("#set($hello=\"hello, $name is my name\")$hello", r#"{"name":"Steve"}"#, "hello, Steve is my name"),
        ("#set($hello='hello, $name')$hello", r#"{"name":"Steve"}"#, "hello, $name"),
        ("#set($d = '{\"a\": 2}')$d", "{}", "{\"a\": 2}"),
        ("#set($d = \"{\"\"a\"\": 2}\")$d", "{}", "{\"a\": 2}"),
        ("#set($d = \"#if(true)$n#{else}b#end\")$d", r#"{"n":5}"#, "5"),
    ]);
}

#[test]
fn backslash_in_a_string_is_a_character() {
    air_table(&[
        ("#set ($name = \"\\\\batman\\nand robin\")$name", "{}", "\\\\batman\\nand robin"),
        ("#set($d = \"1\\\\\"\"2\"\"3\")$d", "{}", "1\\\\\"2\"3"),
        ("#set( $s = '\\{\n\t\r\\%\u{5}' )$s", "{}", "\\{\n\t\r\\%\u{5}"),
        ("#set( $s = \"\\{\n\t\r\\%\u{5}\" )$s", "{}", "\\{\n\t\r\\%\u{5}"),
        ("\"\\{\n\t\r\\%\u{5}\"", "{}", "\"\\{\n\t\r\\%\u{5}\""),
    ]);
}

#[test]
fn backslash_before_a_quote_is_an_error() {
    let error = refused("#set ($name = \"\\\"batman\\\"\")$name");
    assert_eq!(
        error.to_string(),
        "line 1, column 18: expected `)` to close `#set(`, found `batman\\\\\\\"\\\")$name`"
    );
    assert_eq!(error.position(), Some(Position { line: 1, column: 18 }));
}

#[test]
fn comparison() {
    for (symbol, word, results) in [
        (">", "gt", ["", "", "yes"]),
        (">=", "ge", ["", "yes", "yes"]),
        ("<", "lt", ["yes", "", ""]),
        ("<=", "le", ["yes", "yes", ""]),
        ("==", "eq", ["", "yes", ""]),
        ("!=", "ne", ["yes", "", "yes"]),
    ] {
        for operator in [symbol, word] {
            for (value, expected) in results.iter().enumerate() {
                let template = format!("#if ( $value {operator} 1 )yes#end");
                air_table(&[(&template, &format!("{{\"value\":{value}}}"), expected)]);
            }
        }
    }
}

#[test]
fn logic() {
    for (a, b, or, and) in [
        ("false", "false", "", ""),
        ("true", "false", "yes", ""),
        ("false", "true", "yes", ""),
        ("true", "true", "yes", "yes"),
    ] {
        for (operator, expected) in [("||", or), ("or", or), ("&&", and), ("and", and)] {
            let template = format!("#if ( $value1 {operator} $value2 )yes#end");
            air_table(&[(&template, &format!("{{\"value1\":{a},\"value2\":{b}}}"), expected)]);
        }
    }
    for not in ["!", "not "] {
        let template = format!("#if ( {not}$value )yes#end");
        air_table(&[
            (&template, r#"{"value":false}"#, "yes"),
            (&template, r#"{"value":true}"#, ""),
            (&template, r#"{"value":null}"#, ""),
        ]);
    }
    air_table(&[
        ("#if ( ($a == 1) && ($b == 2) )yes#end", r#"{"a":1,"b":2}"#, "yes"),
        ("#if ( $a == 1 && $b == 2 )yes#end", r#"{"a":1,"b":1}"#, ""),
        ("#if ( !$a && !$b )yes#end", r#"{"a":false,"b":false}"#, "yes"),
        ("#if ( !$a && !$b )yes#end", r#"{"a":true,"b":false}"#, ""),
        ("#if ( ($value) )yes#end", r#"{"value":true}"#, "yes"),
    ]);
}

#[test]
fn arithmetic() {
    air_table(&[
        ("#set($a = (5 + 4))$a", "{}", "9"),
        ("#set($b = 5)#set($a = ($b + 4))$a", "{}", "9"),
        ("#set($a = 4 > 2 + 5)$a#set($a = (5 + 4) > 2)$a#set($a = 5 + 4 > 2)$a", "{}", "falsetruetrue"),
        ("#set($a = 5 * 4 - 2)$a,#set($a = 2 + 5 * 4)$a", "{}", "18,22"),
        ("#set( $modulus = ($value % 2) )$modulus", r#"{"value":3}"#, "1"),
        ("#set($x = .5*.1)$x", "{}", "0.05"),
        ("#set ($v = true)$v#set ($v = false)$v#set ($value = 10)$value", "{}", "truefalse10"),
    ]);
    assert_eq!(render("#set($a = 7 / 2)$a,#set($b = 7 - -2)$b,#set($c = 'a' + 1)$c", ""), "3,9,a1");
    assert_eq!(render("#set($a = 7 / 0)[$a]#set($a = true - 1)[$a]", ""), "[][]");
}

#[test]
fn floats_print_as_in_java() {
    air_table(&[("#set($a = 100.0 / 50)$a", "{}", "2.0")]);
    assert_eq!(
        render("#set($a = 1e10)$a,#set($a = 0.0001)$a,#set($a = 2.)$a,#set($a = -1.5E-2)$a", ""),
        "1.0E10,1.0E-4,2.0,-0.015"
    );
}

#[test]
fn integers_beyond_64_bits_fail() {
    assert_eq!(problem("#set($a = 9223372036854775807 + 1)", ""), Problem::Overflow { operator: "+" });
    assert!(refused("#set($a = 9223372036854775808)").to_string().contains("64 bits"));
}

#[test]
fn equality_across_types_compares_text() {
    assert_eq!(
        render(
            "#if(1 == '1')a#end#if(1 == 1.0)b#end#if(true == 'true')c#end#if([1] == [1])d#end#if({} == [])e#end",
            ""
        ),
        "abcd"
    );
    assert_eq!(
        render(
            "#if($input.path('$[0]') == $input.path('$[1]'))same#end",
            "[12345678901234567890123,12345678901234567890123]"
        ),
        "same"
    );
}

#[test]
fn alternate_value_is_refused() {
    assert!(refused("${a|'hello'}").to_string().contains("`}` to close the `${`"));
}

#[test]
fn arguments_are_single_values() {
    let error = refused("$a.substring(0, $n + 1)").to_string();
    assert_eq!(error, "line 1, column 20: expected `,` or `)` in the arguments, found `+ 1)`");
    assert!(refused("#set($a = $b -1)").to_string().contains("write a blank after a minus"));
}

#[test]
fn list_methods() {
    air_table(&[
        ("#set($foo = [1,2,3]) $foo.size()", "{}", " 3"),
        ("#set($foo = [1,2,3]) #if($foo.contains(1))found#end", "{}", " found"),
        ("#set($foo = [1,2,3]) #if($foo.contains(10))found#end", "{}", " "),
        ("#set($foo = [1,2,3]) $foo.get(1)", "{}", " 2"),
        (
            "#set($foo = [1,2,3])#set( $ignore = $foo.add('string value') )#foreach($item in $foo)$item,#end",
            "{}",
            "1,2,3,string value,",
        ),
        ("#set($foo = [1, 2, 3]) $foo.isEmpty()", "{}", " false"),
    ]);
    assert_eq!(
        render("#set($l = [1,2,3])$l.remove(0)$l.set(0, 9)$l.indexOf(3)$l.addAll([4])$l", ""),
        "121true[9, 3, 4]"
    );
}

#[test]
fn map_methods() {
    air_table(&[
        (
            "#set( $ignore = $d.put('k', 'new value') )$ignore - $d.k",
            r#"{"d":{"k":"initial value"}}"#,
            "initial value - new value",
        ),
        (
            "#set( $ignore = $d.putAll({'k1': 'v3', 'k2': 'v2'}))$d.k1 - $d.k2",
            r#"{"d":{"k1":"v1"}}"#,
            "v3 - v2",
        ),
        ("#set( $o = {'k1': 'v1', 'k2': 'v2'} )$o.toString()", "{}", "{k1=v1, k2=v2}"),
        ("#set( $m = {} )#set($i = $m.put('k', null))#if(\"$m.k\" == \"\")none#else has#end", "{}", "none"),
        (
            "#foreach($e in $map.keySet())$e:$map.get($e);#end",
            r#"{"map":{"test":123,"test2":"abc"}}"#,
            "test:123;test2:abc;",
        ),
    ]);
    assert_eq!(
        render("#foreach($e in $input.path('$').entrySet())$e.key=$e.getValue();#end", r#"{"a":1,"b":null}"#),
        "a=1;b=;"
    );
    assert_eq!(
        render(
            "#set($m = {'a':1})$m.size()$m.containsKey('a')$m.containsValue(2)$m.getOrDefault('x', 7)$m.remove('a')$m.isEmpty()",
            ""
        ),
        "1truefalse71true"
    );
}

#[test]
fn put_as_a_statement_renders_the_replaced_value() {
    assert_eq!(render("#set($m = {})[$m.put('a', 1)][$m.put('a', 2)]", ""), "[][1]");
}

#[test]
fn string_methods() {
    air_table(&[
        ("#set($foo = 'foobar123') $foo.length()", "{}", " 9"),
        ("#set($foo = 'foobar123bab') $foo.replaceAll('ba.', 'foo')", "{}", " foofoo123foo"),
        ("#set($foo = 'foobar123') #if($foo.startsWith('foo'))yes!#end", "{}", " yes!"),
        ("#set($foo = 'nofoobar123') #if($foo.startsWith('foo'))yes!#end", "{}", " "),
        ("#set($foo = 'nofoobar123') #if($foo.contains('foo'))yes!#end", "{}", " yes!"),
        ("#set($foo = 'something') $foo.indexOf('e')", "{}", " 3"),
        ("#set($foo = 'something') $foo.substring(3, 6)", "{}", " eth"),
        ("#set( $s = '123456789' )$s.matches( '[0-9]*' )", "{}", "true"),
        ("#set( $s = 'd123' )$s.matches( '[0-9]*' )", "{}", "false"),
        (
            "#set( $s = \"2020-01-20T08:00:00.000Z\" )$s.matches(\"^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:00\\.000Z$ \")",
            "{}",
            "false",
        ),
        (
            "#set( $s = '2020-01-20T08:00:00.000Z' )$s.matches('^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:00\\.000Z$')",
            "{}",
            "true",
        ),
    ]);
    assert_eq!(
        render(
            "#set($s = ' aXb ')$s.trim().toUpperCase()$s.trim().toLowerCase()$s.replace('X', '-')$s.lastIndexOf(' ')$s.endsWith(' ')$s.concat('!')",
            ""
        ),
        "AXBaxb a-b 4true aXb !"
    );
    assert_eq!(
        render(
            "#set($s = 'a1b22')$s.replaceAll('([a-z])([0-9]+)', '$2$1\\$')$s.replaceFirst('[0-9]', '')$s.split('[0-9]+')",
            ""
        ),
        "1a$22b$ab22[a, b]"
    );
}

#[test]
fn strings_count_utf16_units() {
    assert_eq!(
        render("#set($s = 'a😀é')$s.length() $s.indexOf('é') $s.substring(3) $s.charAt(0)", ""),
        "4 3 é a"
    );
}

#[test]
fn unknown_properties_are_undefined() {
    assert_eq!(
        render(
            "[$a.b.c][$input.body.x][$context.none.x][#set($n = 1)$n.x][#set($l = [1])$l.x$l.empty]",
            "text"
        ),
        "[][][][][false]"
    );
}

#[test]
fn index_out_of_bounds_fails() {
    assert_eq!(problem("#set($a = [])$!a[1]", ""), Problem::OutOfBounds { index: 1, length: 0 });
    assert_eq!(problem("#set($a = 'abc')$a.substring(4)", ""), Problem::OutOfBounds { index: 4, length: 3 });
    assert_eq!(problem("#set($a = '')$a.charAt(0)", ""), Problem::OutOfBounds { index: 0, length: 0 });
    assert_eq!(render("#set($a = [1,2])$a[-1]", ""), "2");
}

#[test]
fn logic_stops_when_the_result_is_known() {
    assert_eq!(
        render("#set($l = [])#if(true || $l.add(1))#end#if(false && $l.add(1))#end$l.size()", ""),
        "0"
    );
}

#[test]
fn replacing_with_a_literal_pattern() {
    assert_eq!(
        render(
            r"#set($s = 'a.b.c')$s.replaceAll('\.', '-') $s.replaceFirst('\.', '') $s.replaceAll('', '|')",
            ""
        ),
        "a-b-c ab.c |a|.|b|.|c|"
    );
    assert_eq!(
        render(r"#set($s = 'a.b')$s.replaceAll('\.', '$0$0') $s.replaceAll('b', '\$')", ""),
        "a..b a.$"
    );
}
