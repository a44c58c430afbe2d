//! What an integration or an authorizer calls, read from its URI: `arn:{partition}:apigateway:{region}:{service}:…`.

/// The path below `lambda:` of an invocation.
const INVOCATIONS: (&str, &str) = ("path/2015-03-31/functions/", "/invocations");

/// What a URI names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee<'a> {
    /// `{service}:action/{action}`
    Action(&'a str, &'a str),
    /// `lambda:path/2015-03-31/functions/{function's ARN}/invocations`
    Function(&'a str),
    /// `sqs:path/{account}/{queue}`
    Queue(&'a str, &'a str),
}

/// Reads a URI; `None`: it names none of these.
pub fn parse(uri: &str) -> Option<Callee<'_>> {
    let mut parts = uri.splitn(6, ':');
    let is_gateway = parts.next() == Some("arn") && parts.nth(1) == Some("apigateway");
    let (_region, service, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if !is_gateway {
        return None;
    }
    if let Some(action) = rest.strip_prefix("action/") {
        return Some(Callee::Action(service, action));
    }
    match service {
        "lambda" => {
            let arn = rest.strip_prefix(INVOCATIONS.0)?.strip_suffix(INVOCATIONS.1)?;
            (arn.starts_with("arn:") && arn.contains(":function:")).then_some(Callee::Function(arn))
        }
        "sqs" => {
            let (account, queue) = rest.strip_prefix("path/")?.split_once('/')?;
            let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
            (is_account && !queue.is_empty() && !queue.contains('/')).then_some(Callee::Queue(account, queue))
        }
        _ => None,
    }
}

/// The regions that a URI names: the service's and, if there is one, the function's.
pub fn regions(uri: &str) -> impl Iterator<Item = &str> {
    let function = match parse(uri) {
        Some(Callee::Function(arn)) => Some(arn),
        _ => None,
    };
    let arns = [Some(uri).filter(|uri| uri.starts_with("arn:")), function].into_iter().flatten();
    arns.filter_map(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_an_action_a_function_or_a_queue() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let of = |rest: &str| format!("arn:aws:apigateway:us-east-1:{rest}");
        let function = of(&format!("lambda:path/2015-03-31/functions/{arn}/invocations"));
        let alias = of(&format!("lambda:path/2015-03-31/functions/{arn}:live/invocations"));
        for (uri, expected) in [
            (of("kinesis:action/PutRecord"), Some(Callee::Action("kinesis", "PutRecord"))),
            (of("sqs:action/SendMessage"), Some(Callee::Action("sqs", "SendMessage"))),
            (of("sqs:path/000000000000/orders"), Some(Callee::Queue("000000000000", "orders"))),
            (function, Some(Callee::Function(arn))),
            (alias, Some(Callee::Function("arn:aws:lambda:us-east-1:000000000000:function:f:live"))),
            (of("sqs:path/000000000000/orders/more"), None),
            (of("sqs:path/account/orders"), None),
            (of("sqs:path/000000000000"), None),
            (of("lambda:path/2015-03-31/functions/f/invocations"), None),
            (of(&format!("lambda:path/2015-03-31/functions/{arn}")), None),
            (of("sns:path//"), None),
            (arn.to_owned(), None),
            (format!("lambda:path/2015-03-31/functions/{arn}/invocations"), None),
            ("https://example.com".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(parse(&uri), expected, "{uri}");
        }
    }
}
