//! Java's methods, and the errors for unknown ones. The results were recorded with Java 17 (through Velocity 1.7) unless
//! a comment names Java's documentation.

use crate::common::{problem, refused, render};
use mapping_template::{ParseError, Problem};

/// Each row has a value for `$x`, a template that uses it, and the result.
fn table(rows: &[(&str, &str, &str)]) {
    for (value, template, expected) in rows {
        assert_eq!(render(&format!("#set($x = {value}){template}"), ""), *expected, "{value}: {template}");
    }
}

#[test]
fn integers() {
    table(&[
        ("0", "#set($n = $x.parseInt(\"41\"))#set($n = $n + 1)$n", "42"),
        (
            "0",
            "$x.parseInt('-7')$x.parseInt('+7') $x.parseInt('ff', 16) $x.parseLong('5000000000')",
            "-77 255 5000000000",
        ),
        (
            "7",
            "$x.toString()$x.hashCode()$x.compareTo(9)$x.equals(7)$x.toHexString(255)$x.valueOf(\"12\")",
            "77-1trueff12",
        ),
        ("7", "$x.toString(255, 16) $x.max(3, 9)$x.min(3, 9)$x.sum(1, 2) $x.compare(2, 1)", "ff 933 1"),
        (
            "5",
            "$x.signum(-4)$x.bitCount(7) $x.toBinaryString(5) $x.toOctalString(9) $x.decode('0x10')$x.decode('-010') $x.reverse(1)",
            "-13 101 11 16-8 -2147483648",
        ),
        (
            "300",
            "$x.byteValue() $x.shortValue() $x.longValue() $x.doubleValue() $x.floatValue()",
            "44 300 300 300.0 300.0",
        ),
        (
            "5000000000",
            "$x.intValue() $x.hashCode() $x.toHexString(255) $x.valueOf('6')",
            "705032704 705032705 ff 6",
        ),
        ("-1", "$x.toHexString(-1) $x.toString(-255, 36) $x.hashCode(9)", "ffffffff -73 9"),
    ]);
    for (call, expected) in [
        ("parseInt('4a')", "32 bits"),
        ("parseInt('2147483648')", "32 bits"),
        ("parseLong('')", "64 bits"),
        ("parseInt(5)", "a string"),
        ("compareTo(3.5)", "an integer"),
        ("parseInt('1', 99)", "base"),
    ] {
        let Problem::Argument { expected: told, .. } = problem(&format!("#set($x = 1)$x.{call}"), "") else {
            panic!("{call}")
        };
        assert!(told.contains(expected), "{call}: {told}");
    }
}

#[test]
fn doubles_and_booleans() {
    table(&[
        (
            "2.5",
            "$x.intValue() $x.isNaN() $x.parseDouble(\"1.5\") $x.compareTo(3.5) $x.valueOf(\"2\")",
            "2 false 1.5 -1 2.0",
        ),
        (
            "1.25",
            "$x.toString(2.5) $x.compare(1.0, 2.0) $x.max(1.0, 2.0) $x.hashCode() $x.isInfinite() $x.longValue()",
            "2.5 -1 2.0 1072955392 false 1",
        ),
        ("2.0", "$x.equals(2) $x.equals(2.0) $x.sum(1, 0.5)", "false true 1.5"),
        (
            "true",
            "$x.booleanValue() $x.toString() $x.hashCode() $x.parseBoolean(\"TRUE\") $x.compareTo(false)",
            "true true 1231 true 1",
        ),
        (
            "false",
            "$x.valueOf('true') $x.logicalXor(true, false) $x.logicalAnd(true, false) $x.logicalOr(true, false) $x.compare(true, false)",
            "true true false true 1",
        ),
    ]);
}

#[test]
fn strings_are_searched_from_an_index() {
    table(&[
        (
            "'abcabc'",
            "$x.indexOf('c', 3) $x.startsWith('b', 1) $x.lastIndexOf('a', 2) $x.indexOf(98) $x.lastIndexOf(99, 3)",
            "5 true 0 1 2",
        ),
        (
            "'abc'",
            "$x.indexOf('a', -5) $x.indexOf('', 9) $x.lastIndexOf('c', -1) $x.startsWith('a', 7) $x.indexOf('z', 1)",
            "0 3 -1 false -1",
        ),
        (
            "'a😀é'",
            "$x.indexOf('é', 1) $x.indexOf('é', 2) $x.lastIndexOf('é', 3) $x.codePointAt(1) $x.startsWith('é', 3)",
            "3 3 3 128512 true",
        ),
        (
            "'Hello'",
            "$x.compareTo(\"Help\") $x.compareTo('He') $x.compareToIgnoreCase(\"hELLO\") $x.contentEquals('Hello') $x.subSequence(1, 3)",
            "-4 3 0 true el",
        ),
        (
            "'abc'",
            "$x.hashCode() $x.valueOf(5)$x.valueOf(true) $x.intern() $x.equalsIgnoreCase('ABC')",
            "96354 5true abc true",
        ),
    ]);
}

#[test]
fn strings_are_split_joined_and_formatted() {
    table(&[
        (
            "'a,b,,'",
            "$x.split(',').size() $x.split(',', -1).size() $x.split(',', 2) $x.split('')",
            "2 4 [a, b,,] [a, ,, b, ,, ,]",
        ),
        ("','", "$x.split(',').size() $x.split('x').size()", "0 1"),
        (
            "'baaac'",
            "$x.replaceAll('a*', 'x') $x.replaceFirst('a*', 'x') $x.split('a*')",
            "xbxxcx xbaaac [b, , c]",
        ),
        ("'a'", "$x.join(',', ['a', 'b']) $x.join('-', 'a', 'b', 'c') $x.join('', [])", "a,b a-b-c "),
        ("'a'", "$x.format('%05d|%s|%.2f', 42, 'x', 2.345)", "00042|x|2.35"),
        ("'a'", "$x.format('%-5s|%5s|%2$s %1$S', 'ab', 'c')", "ab   |    c|c AB"),
        (
            "'a'",
            "$x.format('%,d %x %X %o %c %b %e %%%n', 1234567, 255, 255, 8, 97, true, 12345.678)",
            "1,234,567 ff FF 10 a true 1.234568e+04 %\n",
        ),
        (
            "'a'",
            "$x.format('%+d % d (%(d) %08.3f %.0f %.1f', 5, 5, -5, -3.14159, 2.5, 0.05)",
            "+5  5 ((5)) -003.142 3 0.1",
        ),
    ]);
    for format in ["%q", "%", "%d %d", "%-d", "%2$d"] {
        let found = problem(&format!("#set($x = 'a')$x.format('{format}', 1)"), "");
        assert!(
            matches!(found, Problem::Argument { ref method, .. } if method == "format"),
            "{format}: {found:?}"
        );
    }
}

#[test]
fn lists() {
    table(&[
        (
            "['a', 'b', 'a']",
            "$x.remove('a')$x $x.remove('z') $x.lastIndexOf('a') $x.indexOf('z')",
            "true[b, a] false 1 -1",
        ),
        (
            "[1, 2, 3]",
            "$x.subList(0, 2) $x.addAll(1, [9]) $x.removeAll([1]) $x $x.retainAll([9, 3]) $x $x.containsAll([3])",
            "[1, 2] true true [9, 2, 3] true [9, 3] true",
        ),
        (
            "[3, 1]",
            "$x.hashCode() $x.equals([3, 1]) $x.equals([1, 3]) $x.add(1, 7)$x",
            "1055 true false [3, 7, 1]",
        ),
        // Java's equality includes the type.
        (
            "[1, 'b']",
            "$x.contains('1') $x.contains(1) $x.contains(1.0) $x.indexOf('b') $x.contains($x)",
            "false true false 1 false",
        ),
        ("[1, 2]", "#foreach($i in $x.subList(1, 2))$i#end $x.subList(0, 0).isEmpty()", "2 true"),
    ]);
}

#[test]
fn maps_and_entries() {
    table(&[
        ("{'a': 1}", "$x.putIfAbsent('a', 2)|$x.putIfAbsent('b', 2)|$x", "1||{a=1, b=2}"),
        (
            "{'a': 1}",
            "$x.remove('a', 2) $x.replace('a', 5) [$x.replace('z', 5)] $x.replace('a', 5, 6) $x",
            "false 1 [] true {a=6}",
        ),
        (
            "{'a': 1}",
            "#foreach($e in $x.entrySet())$e $e.key $e.value $e.getKey() $e.setValue(3)#end$x",
            "a=1 a 1 a 1{a=3}",
        ),
        (
            "{'a': [1], 'b': 'c'}",
            "$x.hashCode() $x.equals({'b': 'c', 'a': [1]}) $x.containsValue([1]) $x.values() $x.entrySet()",
            "66 true true [[1], c] [a=[1], b=c]",
        ),
        (
            "{'a': 1}",
            "$x.keySet().contains('a') $x.values().containsAll([1]) $x.entrySet().size() $x.getOrDefault('z', 0)",
            "true true 1 0",
        ),
    ]);
    // Java's hash of {a=[1], b=c}, by its documentation: ("a" ^ [1]) + ("b" ^ "c").
    assert_eq!((97 ^ 32) + (98 ^ 99), 66);
}

#[test]
fn static_methods_through_values_of_the_message() {
    assert_eq!(
        render(
            "#set($b = $input.path('$'))#set($n = $b.n.parseInt($b.t) + $b.n)$n $b.t.join('+', $b.l)",
            r#"{"n":1,"t":"41","l":["a","b"]}"#
        ),
        "42 a+b"
    );
    assert_eq!(
        render(
            "#set($s = $input.path('$.s'))#set($i = $input.path('$.i'))$s.substring($i) $input.path('$.l')[$i]",
            r#"{"s":"abc","i":1,"l":[1,2]}"#
        ),
        "bc 2"
    );
}

#[test]
fn unknown_methods_fail_when_the_template_is_created() {
    for (template, named) in [
        ("$x.foo()", "`foo` without arguments"),
        ("#set($s = 'a')#if($s.isBlank())#end", "`isBlank` without arguments"),
        ("#set($a = \"<$x.getBytes()>\")", "`getBytes` without arguments"),
        ("$input.path('$').stream()", "`stream` without arguments"),
        ("$x.put('a')", "`put` with 1 argument"),
        ("$x.substring()", "`substring` without arguments"),
        ("$x.class.name", "`class`"),
        ("$x.getClass()", "`getClass` without arguments"),
        ("$input.path('$').a.class.forName('x')", "`class`"),
        ("$input.jsno('$')", "`jsno` with 1 argument of $input"),
        ("$input.headers", "`headers` of $input"),
        ("$util.qr($x.put('a', 1))", "`qr` with 1 argument of $util"),
        ("$util.toJson({})", "`toJson` with 1 argument of $util"),
        ("$util.time.nowISO8601()", "`time` of $util"),
        ("#foreach($i in [1])$foreach.stop()#end", "`stop` without arguments"),
        ("$util.base64Encode('a', 'b')", "`base64Encode` with 2 arguments of $util"),
    ] {
        let error = refused(template);
        assert!(matches!(error, ParseError::Unknown { .. }), "{template}: {error}");
        assert!(error.to_string().contains(&format!(": {named} is not supported")), "{template}: {error}");
    }
    // It is no error if the template assigns the name, or if the call is never run.
    for template in [
        "#set($util = {'time': 1})$util.time",
        "#macro(m)$x.foo()#end",
        "\\$x.foo()",
        "$x['class']",
        "## $x.foo()",
    ] {
        render(template, "");
    }
}

#[test]
fn methods_unknown_to_a_value_fail_when_rendered() {
    for (value, call, of) in [
        ("'a'", "put('a', 1)", "a string"),
        ("'a'", "size()", "a string"),
        ("1", "length()", "an integer"),
        ("1.5", "parseInt('1')", "a double"),
        ("true", "isEmpty()", "a boolean"),
        ("[1]", "length()", "a list"),
        ("{}", "add(1)", "a map"),
        ("{}.keySet()", "get(0)", "the keys, values or entries of a map"),
        ("$util", "put('a', 1)", "$util"),
    ] {
        let (set, value) = value.strip_prefix("{}.").map_or((String::new(), value.to_owned()), |rest| {
            ("#set($m = {})".to_owned(), format!("$m.{rest}"))
        });
        let found = problem(&format!("{set}#set($x = {value})$x.{call}"), "");
        assert!(matches!(&found, Problem::Unknown { of: told, .. } if told == of), "{value}.{call}: {found}");
    }
    assert!(matches!(problem("#set($s = 'a')$s.bytes", ""), Problem::Unknown { .. }));
    // Java does not have such a method, and AWS renders nothing.
    for call in [
        "contains(1)",
        "replaceAll('a', 1)",
        "concat(true)",
        "substring('1')",
        "join(',', [1])",
        "startsWith($x, 'a')",
    ] {
        assert!(
            matches!(problem(&format!("#set($s = 'a')$s.{call}"), ""), Problem::Argument { .. }),
            "{call}"
        );
    }
}

#[test]
fn methods_of_undefined_values_are_undefined() {
    assert_eq!(
        render("[$none.size()][$none.a.put('x', 1).y][$input.path('$.none').length()]", "{}"),
        "[][][]"
    );
    // The value of an undefined reference is an empty string.
    assert_eq!(
        render("#set($a = $none)[$a.length()][$a.isEmpty()][$input.params('none').length()]", "{}"),
        "[0][true][0]"
    );
    assert_eq!(render("#set($l = [$none, null])#set($m = {'a': $none})$l $m", ""), "[, null] {a=}");
}

/// docs/aws-behaviour.md#template-integer-types: by their size, whatever made them.
#[test]
fn small_longs_are_integers() {
    for (template, expected) in [
        ("#set($i = 5)$i.equals($i.longValue())|$i.equals($i.parseLong('5'))", "true|true"),
        ("#set($i = 5)#set($l = [$i.parseLong('5')])$l.contains(5)|$l.indexOf(5)", "true|0"),
        ("#set($i = -1)#set($j = $i.longValue())$i.hashCode()|$j.hashCode()", "-1|-1"),
    ] {
        assert_eq!(render(template, ""), expected, "{template}");
    }
}
