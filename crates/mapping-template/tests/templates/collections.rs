//! Lists, maps and ranges: literals, indexes and assignment (docs/aws-behaviour.md#template-language).

use crate::common::{air_table, problem, refused, render};

#[test]
fn lists_and_maps() {
    air_table(&[
        ("#set($a = {\"dog\": \"cat\" , \"horse\":15})$a.dog", "{}", "cat"),
        ("#set($a = {\"dog\": \"$horse\"})$a.dog", r#"{"horse":"cow"}"#, "cow"),
        ("#set($a = {})$a", "{}", "{}"),
        ("$a[1]", r#"{"a":["foo","bar"]}"#, "bar"),
        ("$a[1][1]", r#"{"a":["foo",["bar1","bar2"]]}"#, "bar2"),
        ("$a[1].bar1", r#"{"a":["foo",{"bar1":"bar2"}]}"#, "bar2"),
        ("$a[\"foo\"]", r#"{"a":{"foo":"bar"}}"#, "bar"),
        ("$a.b.c['foo:bar']", r#"{"a":{"b":{"c":{"foo:bar":"baz"}}}}"#, "baz"),
        ("#set($i = 1)$a[ $i ]", r#"{"a":["foo","bar"]}"#, "bar"),
        (
            "blah\n#set($l = [\"Hello \", $person, \", your lucky number is \", 7])\n#foreach($v in $l)$v#end\n\nblah",
            r#"{"person":"Chris"}"#,
            "blah\nHello Chris, your lucky number is 7\nblah",
        ),
        ("#set($d = {} )#set($key = 'bar')#set( $d[$key] = 'foo' )$d", "{}", "{bar=foo}"),
        (
            "#set($l = ['one', 'two', 'three'] )#set($i = 1)#set( $l[$i] = 'foo' )$l",
            "{}",
            "[one, foo, three]",
        ),
    ]);
}

#[test]
fn ranges() {
    air_table(&[
        ("#set($values = [1..5])#foreach($value in $values)$value,#end", "{}", "1,2,3,4,5,"),
        ("#set($values = [2..-2])#foreach($value in $values)$value,#end", "{}", "2,1,0,-1,-2,"),
    ]);
}

#[test]
fn range_over_references() {
    for (template, expected) in [
        ("#set($end = 3)#foreach($i in [1..$end])$i,#end", "1,2,3,"),
        ("#set($start = 2)#set($end = -1)#foreach($i in [$start .. $end])$i,#end", "2,1,0,-1,"),
        ("#set($l = [7, 8])#foreach($i in [1..$l.size()])$i,#end", "1,2,"),
        ("#set($x = 2.9)#set($r = [$x..4])$r.size()", "3"),
        ("#set($n = $input.path('$.n'))#foreach($i in [0..$n])$i,#end", "0,1,2,"),
        // Velocity makes no list if an end is not a number.
        ("#foreach($i in [1..$none])$i,#end|#set($x = 'a')#foreach($i in [$x..2])$i,#end|", "||"),
    ] {
        assert_eq!(render(template, r#"{"n":2}"#), expected, "{template}");
    }
    assert!(
        refused("#set($a = [1..'x'])")
            .to_string()
            .contains("an integer or a reference as the end of the range")
    );
    assert!(refused("#set($a = [1, 2..3])").to_string().contains("expected `,` or `]` in a list"));
}

#[test]
fn null_is_valid_only_as_argument_or_element() {
    assert_eq!(render("#set($l = [null])#set($i = $l.add(null))$l", ""), "[null, null]");
    for template in
        ["#set($a = null)", "#if($a == null)#end", "#foreach($i in null)#end", "#set($m = {'a': null})"]
    {
        assert!(
            refused(template).to_string().contains("`null` is valid only as an argument or an element"),
            "{template}"
        );
    }
}

/// docs/aws-behaviour.md#template-map-keys: a client's `"1"` is not found by the number 1, as in Java.
#[test]
fn keys_are_strings_and_nothing_else_finds_them() {
    let set = "#set($m = $input.path('$'))";
    for (expression, expected) in [
        ("$m.get('1')|$m['1']|$m.containsKey('1')", "a|a|true"),
        ("$m.get(1)|$m[1]|$m.containsKey(1)", "||false"),
        ("$m.get($m.n)|$m[$m.n]|$m.containsKey($m.n)", "||false"),
        ("$m.get(\"$m.n\")|$m[\"$m.n\"]", "a|a"),
        ("$m.get(true)|$m.get(null)|$m.getOrDefault(1, 'none')", "||none"),
        ("$m.get($none)|$m.containsKey($none)", "empty|true"),
        ("$m.keySet().contains(1)|$m.keySet().contains('1')", "false|true"),
        ("$m.remove(1)|$m.remove(1, 'a')|$m.size()", "|false|4"),
        ("$m.replace(1, 'b')|$m.replace(1, 'a', 'b')|$m.get('1')", "|false|a"),
        ("$m.remove('1', 'a')|$m.size()", "true|3"),
    ] {
        let body = r#"{"1":"a","n":1,"true":"b","":"empty"}"#;
        assert_eq!(render(&format!("{set}{expression}"), body), expected, "{expression}");
    }
}

/// docs/aws-behaviour.md#template-map-keys: Java keeps 1 and "1" apart, so that a key of another type is an error here.
#[test]
fn a_key_of_another_type_is_an_error() {
    for (template, says) in [
        ("#set($m = {1: 'a'})", "a map expected a string as the key, found an integer"),
        ("#set($m = {true: 'a'})", "a map expected a string as the key, found a boolean"),
        ("#set($m = {})$m.put(1, 'a')", "put expected a string as the key, found an integer"),
        ("#set($m = {})$m.put(null, 'a')", "put expected a string as the key, found null"),
        ("#set($m = {})$m.putIfAbsent(1.5, 'a')", "putIfAbsent expected a string as the key, found a double"),
        ("#set($m = {})#set($m[1] = 'a')", "#set expected a string as the key, found an integer"),
        ("#set($m = {})#set($l = [])#set($m[$l] = 'a')", "#set expected a string as the key, found a list"),
    ] {
        assert_eq!(problem(template, "").to_string(), says, "{template}");
    }
    let sound = "#set($n = 1)#set($m = {\"$n\": 'a'})#set($m[\"x$n\"] = 'b')$m.put($n.toString(), 'c') $m";
    assert_eq!(render(sound, ""), "a {1=c, x1=b}");
}
