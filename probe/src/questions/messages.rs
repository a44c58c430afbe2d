//! The results of mapping templates, and of messages that fail.

use super::{How, Question, Special};

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        id: "json-whole",
        asks: "what does $input.json('$') make of numbers, escapes, blanks and a duplicate name?",
        rows: &["template/json-whole"],
        how: How::Record {
            set: "#set($data = $input.json('$'))",
            message: r#"{ "ask":"json-whole",  "b":1.0, "a":1e3, "big":12345678901234567890, "long":0.1234567890123456789, "u":"\u00e9", "e":"é", "s":"a/b", "t":"a\/b", "s":2 }"#,
        },
    },
    Question {
        id: "half-pair",
        asks: "is a message with half of a surrogate pair JSON to route selection, and what does $input.json make of it?",
        rows: &["gateway/selection-odd-json"],
        how: How::Record {
            set: "#set($data = $input.json('$'))",
            message: r#"{"ask":"half-pair","x":"\ud83d"}"#,
        },
    },
    Question {
        id: "huge-number",
        asks: "is a message with a number beyond a double JSON to route selection?",
        rows: &["gateway/selection-odd-json"],
        how: How::Record {
            set: "#set($data = $input.json('$'))",
            message: r#"{"ask":"huge-number","x":1e400}"#,
        },
    },
    Question {
        id: "deep-nesting",
        asks: "is a message of 130 nested arrays JSON to route selection?",
        rows: &["gateway/selection-odd-json"],
        how: How::Record {
            set: "#set($data = $input.json('$'))",
            message: r#"{"ask":"deep-nesting","x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
        },
    },
    Question {
        id: "json-missing",
        asks: "what does $input.json give for a path that selects nothing?",
        rows: &["template/json-missing"],
        how: How::Record {
            set: r#"#set($json = $input.json('$.nothing'))#set($data = "<$json>")"#,
            message: "",
        },
    },
    Question {
        id: "path-numbers",
        asks: "with which digits does $input.path render a number?",
        rows: &["template/path-numbers"],
        how: How::Record {
            set: r#"#set($body = $input.path('$'))#set($data = "$body.b $body.a $body.big $body.long")"#,
            message: r#"{"ask":"path-numbers","b":1.0,"a":1e3,"big":12345678901234567890,"long":0.1234567890123456789}"#,
        },
    },
    Question {
        id: "path-filters",
        asks: "does $input.path support JSONPath filters?",
        rows: &["template/path-filters"],
        how: How::Record {
            set: r#"#set($found = $input.path('$.list[?(@.n > 1)].n'))#set($data = "<$found>")"#,
            message: r#"{"ask":"path-filters","list":[{"n":1},{"n":2},{"n":3}]}"#,
        },
    },
    Question {
        id: "escape-javascript",
        asks: "how does $util.escapeJavaScript write a slash, characters outside of ASCII, and control characters?",
        rows: &["template/escape-javascript-rest"],
        how: How::Record {
            set: "#set($data = $util.escapeJavaScript($input.path('$.t')))",
            message: r#"{"ask":"escape-javascript","t":"a/b </b> é 🛶 ' \" \\ \n\r\t\b\f \u0001 \u007f \u2028 <>&="}"#,
        },
    },
    Question {
        id: "request-override",
        asks: "is $context.requestOverride an output on WebSocket APIs, and can it be read back?",
        rows: &["template/overrides"],
        how: How::Record {
            set: r#"#set($context.requestOverride.header.probe = "set")#set($data = "<$context.requestOverride.header.probe>")"#,
            message: "",
        },
    },
    Question {
        id: "message-direction",
        asks: "what is $context.messageDirection in a template?",
        rows: &["gateway/message-direction"],
        how: How::Record { set: r#"#set($data = "<$context.messageDirection>")"#, message: "" },
    },
    Question {
        id: "context-alone",
        asks: "is $context alone a map of {name=value, name=value}?",
        rows: &["gateway/context-whole"],
        how: How::Record {
            set: r#"#set($c = "$context")#set($begins = $c.startsWith("{"))#set($ends = $c.endsWith("}"))#set($has = $c.contains("connectionId="))#set($comma = $c.contains(", "))#set($data = "$begins $ends $has $comma")"#,
            message: "",
        },
    },
    Question {
        id: "domain-name",
        asks: "is $context.domainName the host that the client used?",
        rows: &["gateway/domain-name"],
        how: How::Record { set: r#"#set($data = "$context.domainName")"#, message: "" },
    },
    Question {
        id: "json-not-json",
        asks: "what does $input.json('$') give for a message that is not JSON, as in an event of the reference architecture?",
        rows: &["template/json-not-json", "template/reference-template-no-json"],
        how: How::Raw {
            set: r#"#set($payload = $input.json('$'))#set($data = "{""payload"": $payload}")"#,
            message: r#"Hello "World" / é \ {"#,
        },
    },
    Question {
        id: "path-not-json",
        asks: "what does $input.path('$') give for a message that is not JSON?",
        rows: &["template/path-not-json"],
        how: How::Raw { set: r#"#set($path = $input.path('$'))#set($data = "<$path>")"#, message: "no JSON" },
    },
    Question {
        id: "empty-body",
        asks: "what does $input.body give for an empty message?",
        rows: &["template/empty-body"],
        how: How::Raw { set: r#"#set($body = $input.body)#set($data = "<$body>")"#, message: "" },
    },
    Question {
        id: "template-omitted",
        asks: "does the only template apply, whatever its key, without a template selection expression?",
        rows: &["gateway/template-omitted"],
        how: How::Record { set: "", message: "" },
    },
    Question {
        id: "relayed",
        asks: "what does a client get of Kinesis's answer with only a route response and an integration response?",
        rows: &[
            "gateway/relayed",
            "gateway/service-json",
            "gateway/two-way-ack",
            "gateway/two-way-without-expression",
            "gateway/template-static",
        ],
        how: How::Say { api: "main", message: r#"{"ask":"relayed"}"# },
    },
    Question {
        id: "one-way-missing-stream",
        asks: "what does a client get on a one-way route whose stream does not exist?",
        rows: &["gateway/one-way-silence"],
        how: How::Silence { message: r#"{"ask":"one-way-missing-stream"}"# },
    },
    Question {
        id: "two-way-missing-stream",
        asks: "what does a client get on a two-way route with a response for /200/ alone, whose stream does not exist?",
        rows: &["gateway/unmatched-response"],
        how: How::Say { api: "main", message: r#"{"ask":"two-way-missing-stream"}"# },
    },
    Question {
        id: "text-that-is-no-json",
        asks: "does a model that accepts any JSON refuse text that is not JSON, and in which words?",
        rows: &["gateway/text-that-is-no-json"],
        how: How::Say { api: "strict", message: "no JSON" },
    },
    Question {
        id: "escaped-default-key",
        asks: r"is a template under the key \$default taken where the expression's value is $default, or is the message passed through?",
        rows: &["gateway/escaped-default-key"],
        how: How::Say { api: "strict", message: r#"{"ask":"escaped-key","statusCode":418}"# },
    },
    Question {
        id: "mock-lenient",
        asks: "is a MOCK's request template read that has a name without quotes and a comma too many?",
        rows: &["gateway/mock-lenient"],
        how: How::Say { api: "strict", message: r#"{"ask":"lenient"}"# },
    },
    Question {
        id: "throttled-message",
        asks: "what does a client get for a message over the stage's rate?",
        rows: &["gateway/throttle-frame"],
        how: How::Special(Special::ThrottledMessage),
    },
    Question {
        id: "throttled-routes",
        asks: "does a stage's limit count for all its routes together, or for each by itself?",
        rows: &["gateway/throttling"],
        how: How::Special(Special::ThrottledRoutes),
    },
    Question {
        id: "message-times",
        asks: "have $context.connectedAt and $context.requestTimeEpoch a value when a message is handled?",
        rows: &["gateway/context-times"],
        how: How::Record {
            set: r#"#set($data = "<$context.connectedAt> <$context.requestTimeEpoch>")"#,
            message: "",
        },
    },
    Question {
        id: "timeout",
        asks: "what does a client get if an integration does not answer in time?",
        rows: &["gateway/timeout-frame"],
        how: How::Special(Special::Timeout),
    },
    Question {
        id: "disconnect",
        asks: "are there disconnectStatusCode, disconnectReason, messageDirection, connectedAt and requestTimeEpoch in the template of $disconnect, which has no integration response?",
        rows: &[
            "gateway/disconnect-variables",
            "gateway/context-times",
            "gateway/disconnect-without-response",
        ],
        how: How::Special(Special::Disconnect),
    },
    Question {
        id: "not-deployed",
        asks: "what does a client get for a route that was created but not deployed?",
        rows: &["gateway/not-deployed"],
        how: How::Special(Special::NotDeployed),
    },
];
