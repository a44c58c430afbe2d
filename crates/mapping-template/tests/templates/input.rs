//! `$input` and `$context` (docs/aws-behaviour.md#template-input, #apigateway-context).

use crate::common::{frame, problem, render};
use mapping_template::{ContextTree, Node, Params, Problem, Scope, StageVariables, Template};

#[test]
fn body_is_the_raw_text() {
    assert_eq!(render("$input.body", " { \"a\" :\n1 } "), " { \"a\" :\n1 } ");
    assert_eq!(render("$input.body", "no json {"), "no json {");
    assert_eq!(render("<$input.body.x>", r#"{"x":1}"#), "<>");
}

#[test]
fn empty_body_is_an_empty_object() {
    assert_eq!(render("$input.body $input.json('$')", ""), "{} {}");
}

#[test]
fn json_of_a_part_is_its_json_text() {
    let body = r#"{"s":"a\"b","n":1.50,"o":{"k": [1, 2]},"z":null,"s2":"x","s2":"y"}"#;
    for (path, expected) in [
        ("$.s", r#""a\"b""#),
        ("$.n", "1.50"),
        ("$.o", r#"{"k":[1,2]}"#),
        ("$.o.k[1]", "2"),
        ("$['o'][\"k\"][-1]", "2"),
        ("$.z", "null"),
        ("$.s2", "\"y\""),
        ("o.k", "[1,2]"),
        ("$..k", "[[1,2]]"),
        ("$.o.*", "[[1,2]]"),
        ("$.o.k[*]", "[1,2]"),
        ("$.o.k[0:1]", "[1]"),
        ("$.o.k[1,0]", "[2,1]"),
        ("$['s','n']", r#"["a\"b",1.50]"#),
    ] {
        let quote = if path.contains('\'') { "\"" } else { "'" };
        let path = if quote == "\"" { path.replace('"', "\"\"") } else { path.to_owned() };
        assert_eq!(render(&format!("$input.json({quote}{path}{quote})"), body), expected, "{path}");
    }
}

#[test]
fn json_keeps_every_byte_but_whitespace() {
    for (body, expected) in [
        (
            r#"{"n":12345678901234567890123,"x":1.0,"y":1e3}"#,
            r#"{"n":12345678901234567890123,"x":1.0,"y":1e3}"#,
        ),
        (
            "{ \"b\" : 1.0 ,\n\"a\":1e3, \"u\":\"\\u00e9\", \"s\":\"a\\/b c\", \"s\":2 }",
            r#"{"b":1.0,"a":1e3,"u":"\u00e9","s":"a\/b c","s":2}"#,
        ),
        ("  [ 1 , 2 ]\t", "[1,2]"),
        ("\n\"text\" ", "\"text\""),
        ("-0.0E+10", "-0.0E+10"),
    ] {
        assert_eq!(render("$input.json('$')", body), expected);
    }
}

#[test]
fn json_of_a_body_that_is_not_json_is_a_string() {
    assert_eq!(render("$input.json('$')", "say \"hi\"\n\u{1}"), r#""say \"hi\"\n\u0001""#);
    for body in [
        "{\"a\":1,}",
        "{'a':1}",
        "[1 2]",
        "01",
        "1.",
        "{\"a\" 1}",
        "nul",
        "\"\\x\"",
        "\"\t\"",
        "[",
        "{}}",
        " ",
    ] {
        assert!(render("$input.json('$')", body).starts_with('"'), "{body}");
    }
}

#[test]
fn json_of_a_missing_path_is_an_empty_string() {
    assert_eq!(render("$input.json('$.a.b')$input.json('$[7]')", "{}"), "\"\"\"\"");
    assert_eq!(render("$input.json('$.a')", "no json"), "\"\"");
}

#[test]
fn path_yields_a_value() {
    let body = r#"{"s":"a\n\u00e9\ud83d\ude00","n":1e3,"big":12345678901234567890123,"l":[1,{"k":"v"}],"t":true,"z":null}"#;
    assert_eq!(render("$input.path('$.s')", body), "a\né😀");
    assert_eq!(
        render("$input.path('$.n') $input.path('$.big') $input.path('$').t", body),
        "1e3 12345678901234567890123 true"
    );
    assert_eq!(
        render("#set($n = $input.path('$.n') + 1)$n#if($input.path('$.n') == 1000) eq#end", body),
        "1001.0 eq"
    );
    assert_eq!(
        render("[$input.path('$.z')][$input.path('$.none')][$input.path('$.l').size()]", body),
        "[][][2]"
    );
    assert_eq!(render("[$input.path('$.a')]", "no json"), "[]");
}

#[test]
fn objects_print_as_java_maps_and_arrays_as_json() {
    let body =
        r#"{"o":{"foo":"bar"},"l":[{"foo":"bar"}],"n":{"foo":[{"nested":"b\"r","x":[1.0,null,true]}]}}"#;
    assert_eq!(render("$input.path('$.o')", body), "{foo=bar}");
    assert_eq!(render("$input.path('$.l')", body), r#"[{"foo":"bar"}]"#);
    assert_eq!(render("$input.path('$.n')", body), r#"{foo=[{"nested":"b\"r","x":[1.0,null,true]}]}"#);
}

#[test]
fn paths_that_are_not_supported_are_named() {
    for path in ["$.a[?(@.b)]", "$.a.length()", "$[", "$.", "$x"] {
        let Problem::Argument { method, expected, .. } = problem(&format!("$input.json('{path}')"), "{}")
        else {
            panic!("{path}")
        };
        assert_eq!(method, "$input.json");
        assert!(expected.contains("JSONPath"));
    }
}

#[test]
fn params_are_searched_in_path_query_and_header() {
    let params = Params {
        path: [("a".into(), "1".into())].into(),
        querystring: [("a".into(), "2".into()), ("b".into(), "3".into())].into(),
        header: [("b".into(), "4".into()), ("X-C".into(), "5".into())].into(),
    };
    let template = Template::parse(
        "$input.params('a')$input.params('b')$input.params('X-C') [$input.params('none')] \
         $input.params().header.get('X-C') $input.params().querystring.b $input.params().path",
    )
    .unwrap();
    let context = frame();
    let rendered = template.render(&Scope::new("", &context).with_params(&params)).unwrap();
    assert_eq!(rendered.text, "135 [] 5 3 {a=1}");
    assert_eq!(render("$input.params()", ""), "{path={}, querystring={}, header={}}");
}

#[test]
fn context_values() {
    assert_eq!(
        render("$context.connectionId $context.requestTimeEpoch $context.identity.sourceIp", ""),
        "Qyi07eCbtjMCJKw= 1708326702790 192.0.2.1"
    );
    assert_eq!(render("[$context.none][$context.identity.none][$context.connectionId.x]", ""), "[][][]");
    assert_eq!(
        render("$context['connectionId'] $context.get('routeKey') $context.connectionId.length()", ""),
        "Qyi07eCbtjMCJKw= $default 16"
    );
}

#[test]
fn context_alone_renders_as_a_java_map() {
    assert_eq!(
        render("$context", ""),
        "{connectionId=Qyi07eCbtjMCJKw=, requestTimeEpoch=1708326702790, identity={sourceIp=192.0.2.1, userAgent=wscat}, routeKey=$default}"
    );
    assert_eq!(render("$context.identity.keySet()", ""), "[sourceIp, userAgent]");
}

#[test]
fn authorizer_values_are_looked_up_by_name() {
    let context = ContextTree::new()
        .with("authorizer.principalId", Node::text("me"))
        .with("authorizer.ok", Node::Bool(true));
    let rendered = Template::parse("$context.authorizer.principalId $context.authorizer.ok").unwrap();
    assert_eq!(rendered.render(&Scope::new("", &context)).unwrap().text, "me true");
}

#[test]
fn stage_variables() {
    let variables: StageVariables = [("name".into(), "value".into()), ("other".into(), "x".into())].into();
    let template = Template::parse(
        "$stageVariables.name $stageVariables['other'] [$stageVariables.none] $stageVariables",
    )
    .unwrap();
    let rendered = template.render(&Scope::new("", &()).with_stage_variables(&variables)).unwrap();
    assert_eq!(rendered.text, "value x [] {name=value, other=x}");
}

#[test]
fn overrides_are_recorded_and_read_back() {
    let template = Template::parse(
        "#set($context.requestOverride.header.X-Y = 'v')#set($context.responseOverride.status = 2 + 2)\
         #set($context.requestOverride.querystring['a b'] = $context.connectionId)$context.requestOverride.header.X-Y",
    )
    .unwrap();
    let context = frame();
    let rendered = template.render(&Scope::new("", &context)).unwrap();
    assert_eq!(rendered.text, "v");
    let overrides: Vec<_> = rendered.overrides.iter().map(|o| (o.path.join("/"), o.value.as_str())).collect();
    let expected = [
        ("requestOverride/header/X-Y", "v"),
        ("requestOverride/querystring/a b", "Qyi07eCbtjMCJKw="),
        ("responseOverride/status", "4"),
    ];
    assert_eq!(overrides, expected.map(|(path, value)| (path.to_owned(), value)));
    assert_eq!(rendered.overrides.get(&["responseOverride", "status"]), Some("4"));
}

#[test]
fn parameter_can_be_overridden_only_once() {
    let twice = "#set($context.responseOverride.status = 1)#set($context.responseOverride.status = 2)";
    assert!(
        matches!(problem(twice, ""), Problem::Override { path, .. } if path == "responseOverride.status")
    );
    assert!(matches!(problem("#set($context.connectionId = 1)", ""), Problem::Override { .. }));
    for change in ["$context.requestOverride.body.x", "$context.requestOverride", "$context['a']"] {
        assert!(matches!(problem(&format!("#set({change} = 1)"), ""), Problem::Override { .. }), "{change}");
    }
    let put = "$context.requestOverride.header.put('a', 1)";
    assert!(matches!(problem(&format!("{put}{put}"), ""), Problem::Override { .. }));
}
