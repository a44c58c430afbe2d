//! The limits of the engine, and hostile input.

use crate::common::{frame, problem, refused, render, try_render};
use mapping_template::{ParseError, Problem, Scope, Template, limits};

fn is_limit(problem: &Problem) -> bool {
    matches!(problem, Problem::Limit { .. })
}

#[test]
fn template_is_at_most_300_kb() {
    assert!(Template::parse(&" ".repeat(limits::TEMPLATE_BYTES_MAX)).is_ok());
    let error = refused(&" ".repeat(limits::TEMPLATE_BYTES_MAX + 1));
    assert_eq!(error, ParseError::TooLong { bytes: limits::TEMPLATE_BYTES_MAX + 1 });
}

#[test]
fn nesting_is_bounded() {
    let many = 10_000;
    for (open, middle, close) in [
        ("#if(true)", "", "#end"),
        ("#foreach($i in [1])", "", "#end"),
        ("#define($a)", "", "#end"),
        ("#macro(a)", "", "#end"),
    ] {
        let template = format!("{}{middle}{}", open.repeat(many), close.repeat(many));
        assert!(matches!(refused(&template), ParseError::TooDeep { .. }), "{open}");
    }
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{'a':", "}"), ("!", ""), ("$a.b(", ")"), ("$a[", "]"), ("not ", "")]
    {
        let template = format!("#set($x = {}1{})", open.repeat(many), close.repeat(many));
        assert!(matches!(refused(&template), ParseError::TooDeep { .. }), "{open}");
    }
    let strings = "#set($a = \"".repeat(many);
    assert!(Template::parse(&strings).is_err());
    // The deepest valid template parses, renders and is dropped on the small stack of a test's thread.
    let levels = limits::NESTING_LEVELS_MAX - 1;
    assert_eq!(render(&format!("{}x{}", "#if(true)".repeat(levels), "#end".repeat(levels)), ""), "x");
    assert_eq!(render(&format!("#set($x = {}1{})$x", "(".repeat(levels), ")".repeat(levels)), ""), "1");
}

/// Blocks refer to themselves up to the limit, and the innermost one writes a value and reads JSON of the greatest depth.
/// Unoptimised code must need at most half of a thread's stack of 2 MiB for it.
#[test]
fn deepest_evaluation_of_the_deepest_value_fits_half_a_stack() {
    const HALF_A_STACK_BYTES: usize = 1_024 * 1_024;
    let deepest = || {
        let levels = limits::VALUE_LEVELS_MAX - 2;
        let nested = format!("#foreach($x in [1..{levels}])#set($b = {{'k':$b}})#end");
        let json = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        for deep in [
            "#if($util.escapeJavaScript(\"$b<$a>\") == $util.urlEncode(\"$b<$a>\"))#end",
            "#set($c = {'k':[1,[\"$b<$a>\"]]})",
            "#set($c = $b.put('k2',\"$b<$a>\"))",
            "#set($c = $util.parseJson(\"$input.json('$')\"))#set($d = \"$c$input.path('$')<$a>\")",
            "#foreach($c in [\"$b<$a>\"])x#end",
            "#if($b)#foreach($c in [\"$b\"])#if(true)$util.escapeJavaScript($a)#end#end#end",
            "#set($c = 1 + (\"$b\" + (\"$b\" + (\"$b$a\"))))",
            "#set($c = $b.toString().replaceAll('(([a-z])+[0-9]{1,9})+', \"$b$a\"))",
        ] {
            let refused = problem(&format!("{nested}#define($a){deep}#end$a"), &json);
            assert!(is_limit(&refused), "{deep}: {refused:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(HALF_A_STACK_BYTES);
    thread.spawn(deepest).unwrap().join().unwrap();
}

#[test]
fn long_chains_do_not_nest() {
    let sum = format!("#set($x = 1{})$x", " + 1".repeat(20_000));
    assert_eq!(render(&sum, ""), "20001");
    assert_eq!(render(&format!("[$a{}]", ".b".repeat(50_000)), ""), "[]");
    assert_eq!(render(&format!("#if(false){}#else y#end", "#elseif(false)".repeat(10_000)), ""), " y");
}

#[test]
fn blocks_that_use_themselves_end() {
    assert!(is_limit(&problem("#define($a)$a#end$a", "")));
    assert!(is_limit(&problem("#define($a)#set($x = \"$a\")#end$a", "")));
    assert!(is_limit(&problem("#define($a)$b$b#end#define($b)$a$a#end$a", "")));
}

#[test]
fn collections_that_hold_themselves_end() {
    assert!(is_limit(&problem("#set($m = {})#set($m.m = [$m])$m", "")));
    assert!(is_limit(&problem("#set($l = [])#set($i = $l.add([$l]))#if($l == 'x')#end", "")));
}

#[test]
fn evaluation_steps_are_bounded() {
    let loops = "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])x#end#end#end";
    assert!(is_limit(&problem(loops, "")));
    assert!(is_limit(&problem("#set($r = [1..9000000000])", "")));
    assert!(is_limit(&problem("#set($r = [-9223372036854775808..9223372036854775807])", "")));
    assert!(is_limit(&problem(
        "$input.json('$..*..*..*..*')",
        &format!("{}1{}", "[".repeat(200), "]".repeat(200))
    )));
}

#[test]
fn text_that_doubles_is_bounded() {
    let doubling = "#set($a = 'xxxxxxxxxxxxxxxx')#foreach($i in [1..1000])#set($a = \"$a$a\")#end";
    assert!(is_limit(&problem(doubling, "")));
    let adding = "#set($a = 'xxxxxxxxxxxxxxxx')#foreach($i in [1..1000])#set($a = $a + $a)#end";
    assert!(is_limit(&problem(adding, "")));
    let replacing = "#set($a = 'xxxxxxxx')#foreach($i in [1..1000])#set($a = $a.replaceAll('x', $a))#end";
    assert!(is_limit(&problem(replacing, "")));
    let replacing = "#set($a = 'xxxxxxxx')#foreach($i in [1..1000])#set($a = $a.replace('', $a))#end";
    assert!(is_limit(&problem(replacing, "")));
    let grouping =
        "#set($a = 'xxxxxxxx')#foreach($i in [1..1000])#set($a = $a.replaceAll('.*', '$0$0$0'))#end";
    assert!(is_limit(&problem(grouping, "")));
}

#[test]
fn output_is_bounded_and_unchanged_after_an_error() {
    let template = Template::parse("#foreach($i in [1..1000])$input.body#end").unwrap();
    let body = "x".repeat(128 * 1024);
    let context = frame();
    let mut out = "before".to_owned();
    let error = template.render_into(&Scope::new(&body, &context), &mut out).unwrap_err();
    assert!(is_limit(&error.problem));
    assert_eq!(out, "before");
}

#[test]
fn deep_json_is_minified_but_loaded_only_to_a_limit() {
    let depth = 60_000;
    let body = format!("{}1{}", "[ ".repeat(depth), " ]".repeat(depth));
    assert_eq!(render("$input.json('$')", &body).len(), 2 * depth + 1);
    assert!(is_limit(&problem("$input.path('$')", &body)));
    assert!(is_limit(&problem("$util.parseJson($input.body)", &body)));
    assert!(try_render("$input.json('$..a')", &body).is_err());
}

#[test]
fn patterns_are_bounded() {
    for pattern in ["a{1000}{1000}", "(a*)*(", "(?=a)", r"(a)\1"] {
        assert!(
            matches!(
                problem(&format!("#set($a = 'a')$a.matches('{pattern}')"), ""),
                Problem::Argument { .. }
            ),
            "{pattern}"
        );
    }
}

#[test]
fn patterns_that_look_ahead_are_bounded() {
    let body = "a".repeat(128 * 1024);
    for hostile in ["replaceAll('a*b|a', 'xy')", "split('a*b|a')"] {
        assert!(is_limit(&problem(&format!("$input.body.{hostile}"), &body)), "{hostile}");
    }
    // This limit does not apply to patterns that read no further than their match.
    let body = "a\n".repeat(8 * 1024);
    for harmless in ["replaceAll('a', '')", "replaceAll('[^\n]', '')", "replaceAll('a+', '')"] {
        assert_eq!(render(&format!("$input.body.{harmless}"), &body).len(), 8 * 1024, "{harmless}");
    }
}
