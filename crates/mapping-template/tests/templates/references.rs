//! Values are shared, as in Java: every name of a value shows its changes.

use crate::common::{problem, render};
use mapping_template::{Params, Problem, Scope, Template};

#[test]
fn json_writes_the_changed_message() {
    for (template, body, expected) in [
        (
            "#set($b=$input.path('$'))#set($d=$b.put(\"connectionId\",$context.connectionId))$input.json('$')",
            r#"{"bid":3}"#,
            r#"{"bid":3,"connectionId":"Qyi07eCbtjMCJKw="}"#,
        ),
        (
            "#set($payload = $input.path('$'))#set($payload.ip = $context.identity.sourceIp)$input.json('$')",
            r#"{"a": 1.50}"#,
            r#"{"a":1.50,"ip":"192.0.2.1"}"#,
        ),
        // On nested maps and lists, and through aliases.
        (
            "#set($x = $input.path('$.a.b'))#set($x.c = [1, {'d': true}])$input.json('$')",
            r#"{"a":{"b":{}}}"#,
            r#"{"a":{"b":{"c":[1,{"d":true}]}}}"#,
        ),
        (
            "#set($x = $input.path('$.l'))#set($y = $x)#set($z = $y.add(3))$input.json('$.l') $x",
            r#"{"l":[1,2]}"#,
            "[1,2,3] [1,2,3]",
        ),
        (
            "#set($x = $input.path('$.l[1]'))#set($x.k = 'v')$input.json('$.l[1].k')",
            r#"{"l":[1,{}]}"#,
            r#""v""#,
        ),
        ("#set($l = $input.path('$.l'))#set($l[0] = 'x')$input.json('$')", r#"{"l":[1]}"#, r#"{"l":["x"]}"#),
    ] {
        assert_eq!(render(template, body), expected, "{template}");
    }
}

#[test]
fn changes_in_loops_and_through_methods_show() {
    for (template, body, expected) in [
        (
            "#foreach($r in $input.path('$.rs'))#set($r.n = $foreach.count)#end$input.json('$')",
            r#"{"rs":[{"a":1},{"a":2}]}"#,
            r#"{"rs":[{"a":1,"n":1},{"a":2,"n":2}]}"#,
        ),
        (
            "#foreach($r in $input.path('$..x'))#set($d = $r.put('y', 1))#end$input.json('$')",
            r#"{"a":{"x":{}},"b":{"x":{}}}"#,
            r#"{"a":{"x":{"y":1}},"b":{"x":{"y":1}}}"#,
        ),
        (
            "#foreach($e in $input.path('$').entrySet())#set($d = $e.setValue(\"<$e.value>\"))#end$input.json('$')",
            r#"{"a":"x","b":"y"}"#,
            r#"{"a":"<x>","b":"<y>"}"#,
        ),
        (
            "#set($m = {})#set($d = $m.put('body', $input.path('$')))#set($m.body.z = 1)$input.json('$.z')",
            "{}",
            "1",
        ),
        (
            "#set($d = $input.path('$').remove('secret'))$input.json('$')",
            r#"{"secret":1,"b":null}"#,
            r#"{"b":null}"#,
        ),
        (
            "#set($d = $input.path('$').putAll($input.params()))$input.json('$')",
            "{}",
            r#"{"path":{},"querystring":{},"header":{}}"#,
        ),
    ] {
        assert_eq!(render(template, body), expected, "{template}");
    }
}

#[test]
fn unchanged_message_keeps_its_bytes() {
    let body = r#"{ "n":1e3, "s":"\u00e9\/", "s":2, "o":{"x":[1.0]} }"#;
    for reading in
        ["#set($b = $input.path('$'))$!b.o.x.size()", "#set($b = $input.path('$.o'))$b.x.contains(7)"]
    {
        let rendered = render(&format!("{reading}$input.json('$')"), body);
        assert!(rendered.ends_with(r#"{"n":1e3,"s":"\u00e9\/","s":2,"o":{"x":[1.0]}}"#), "{rendered}");
    }
    // After the first change, the values are written: numbers with their digits, strings and names as JSON.
    let template = "#set($b = $input.path('$'))#set($b.new = 1)$input.json('$')";
    assert_eq!(render(template, body), r#"{"n":1e3,"s":2,"o":{"x":[1.0]},"new":1}"#);
    assert_eq!(
        render(template, r#"{"s":"\u00e9\/\n\u0001","big":12345678901234567890123}"#),
        r#"{"s":"é/\n\u0001","big":12345678901234567890123,"new":1}"#
    );
}

#[test]
fn every_path_gives_the_same_object() {
    assert_eq!(
        render(
            "#set($a = $input.path('$.o'))#set($b = $input.path(\"$['o']\"))#set($a.k = 1)$b $input.path('$.o.k')",
            r#"{"o":{}}"#
        ),
        "{k=1} 1"
    );
    // The list of a wildcard is new; its elements are shared.
    assert_eq!(
        render(
            "#set($l = $input.path('$.l[*]'))#set($d = $l.add(9))#set($l[0].k = 1)$input.json('$.l') $l.size()",
            r#"{"l":[{}]}"#
        ),
        r#"[{"k":1}] 2"#
    );
    // Each parseJson makes a new value.
    assert_eq!(
        render(
            "#set($a = $util.parseJson($input.body))#set($a.k = 1)$util.parseJson($input.body) $input.json('$')",
            "{}"
        ),
        "{} {}"
    );
}

#[test]
fn lists_and_maps_of_the_template_are_shared() {
    for (template, expected) in [
        ("#set($a = {})#set($b = $a)#set($b.k = 1)$a", "{k=1}"),
        ("#set($a = [1])#set($b = [$a, $a])#set($d = $b[0].add(2))$b", "[[1, 2], [1, 2]]"),
        ("#set($a = {'l': []})#set($l = $a.l)#set($d = $l.add($a.size()))$a", "{l=[1]}"),
        ("#set($m = {})#foreach($i in [1..3])#set($m.last = $i)#end$m", "{last=3}"),
        ("#define($grow)#set($d = $l.add(1))#end#set($l = [])$grow$grow$l", "[1, 1]"),
        ("#set($a = {'x': 1})#set($b = {})#set($d = $b.putAll($a))#set($b.x = 2)$a.x", "1"),
    ] {
        assert_eq!(render(template, ""), expected, "{template}");
    }
}

#[test]
fn cycles_end_at_a_limit() {
    let cycle = "#set($b = $input.path('$'))#set($b.l = [$b])";
    for use_of_it in
        ["$input.json('$')", "$b", "$b.hashCode()", "$input.json('$..x')", "#if($b.l == [$b.l])#end"]
    {
        let template = format!("{cycle}{use_of_it}");
        match crate::common::try_render(&template, "{}") {
            Err(error) => assert!(matches!(error.problem, Problem::Limit { .. }), "{use_of_it}: {error}"),
            Ok(text) => assert_eq!(text, "", "{use_of_it}"),
        }
    }
    assert_eq!(render("#set($m = {})#set($m.m = $m)$m", ""), "{m=(this Map)}");
    assert_eq!(render("#set($l = [])#set($i = $l.add($l))$l", ""), "[(this Collection)]");
    assert_eq!(render(&format!("{cycle}$b.l[0].l[0].l.size()"), "{}"), "1");
}

#[test]
fn values_of_the_gateway_are_read_only() {
    for change in [
        "#set($i = $context.identity)#set($i.x = 1)",
        "$context.identity.put('x', 1)",
        "$stageVariables.put('x', 1)",
        "#set($s = $stageVariables)#set($s.x = 1)",
    ] {
        assert!(matches!(problem(change, ""), Problem::ReadOnly { .. }), "{change}");
    }
    for change in [
        "$m.keySet().add('b')",
        "$m.keySet().clear()",
        "$l.subList(0, 1).add(1)",
        "$s.split(',').set(0, 'x')",
    ] {
        let template = format!("#set($m = {{'a': 1}})#set($l = [1])#set($s = 'a,b'){change}");
        assert!(
            matches!(problem(&template, ""), Problem::ReadOnly { .. } | Problem::Unknown { .. }),
            "{change}"
        );
    }
}

#[test]
fn parameters_are_one_map_for_the_whole_template() {
    let params = Params { header: [("a".into(), "1".into())].into(), ..Params::default() };
    let template = Template::parse(
        "#set($d = $input.params().header.put('b', '2'))$input.params('a')$input.params('b')$input.params().header",
    )
    .unwrap();
    assert_eq!(template.render(&Scope::new("", &()).with_params(&params)).unwrap().text, "12{a=1, b=2}");
}

#[test]
fn loops_see_changes_of_their_list() {
    for (template, expected) in [
        // Later rounds see what is assigned in place.
        ("#set($l = [1, 2, 3])#foreach($i in $l)$i,#set($l[2] = 9)#end", "1,2,9,"),
        ("#set($m = {'a': 1, 'b': 2})#foreach($v in $m)$v,#set($m.b = 7)#end", "1,7,"),
        ("#foreach($r in $input.path('$.l'))$r.n#set($d = $input.path('$.l[1]').put('n', 5))#end", "15"),
        // Java does not fail if the current element is then the last one.
        ("#set($l = [1, 2, 3])#foreach($i in $l)$i,#if($i == 2)#set($d = $l.remove(0))#end#end", "1,2,"),
        ("#set($l = [1, 2])#foreach($i in $l)$i,#set($d = $l.add(3))#break#end$l", "1,[1, 2, 3]"),
        ("#set($m = {'a': 1})#foreach($v in $m)$v,#set($m.b = 2)#end$m", "1,{a=1, b=2}"),
    ] {
        assert_eq!(render(template, r#"{"l":[{"n":1},{"n":2}]}"#), expected, "{template}");
    }
    for resizing in [
        "#set($l = [1])#foreach($i in $l)#set($d = $l.add(2))#end",
        "#set($l = [1, 2, 3])#foreach($i in $l)#set($d = $l.remove(0))#end",
        "#set($m = {'a': 1, 'b': 2})#foreach($v in $m)#set($m.c = 3)#end",
        "#foreach($r in $input.path('$.l'))#set($d = $input.path('$.l').add(1))#end",
    ] {
        assert_eq!(problem(resizing, r#"{"l":[1,2]}"#), Problem::Resized, "{resizing}");
    }
}

#[test]
fn entries_in_a_message_are_written_as_their_text() {
    let template =
        "#set($m = {'k': [1]})#set($x = $input.path('$'))#set($x.e = $m.entrySet())$input.json('$')";
    assert_eq!(render(template, "{}"), r#"{"e":["k=[1]"]}"#);
}
