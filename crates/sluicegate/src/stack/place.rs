//! Where a stack is: account, region, endpoint and name. One state belongs to one place.

use serde::Deserialize;

/// The output that keeps it in the state.
pub const OUTPUT: &str = "deployed_to";

/// A place, in the form of the output.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Place {
    account_id: String,
    region: String,
    /// An emulator's address; `None` for AWS.
    endpoint: Option<String>,
    name: String,
}

/// The reason why a plan for `now` must not use the state of `before`, if there is one.
pub fn conflict(environment: &str, before: &Place, now: &Place) -> Option<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, before: &str, now: &str| {
        if before != now {
            differences.push(format!("{what} {before}, not {now}"));
        }
    };
    compare("account", &before.account_id, &now.account_id);
    compare("region", &before.region, &now.region);
    compare("endpoint", before.endpoint(), now.endpoint());
    if !differences.is_empty() {
        return Some(format!(
            "environment {environment} was deployed to {}: a plan would forget that stack, which would run on. Set AWS_PROFILE, \
             AWS_REGION and AWS_ENDPOINT_URL as they were for it, or choose another environment for another stack (ENV=NAME, \
             --env NAME); if that stack is gone for good, remove the state in .stacks/{environment}",
            differences.join(", ")
        ));
    }
    (before.name != now.name).then(|| {
        format!(
            "environment {environment} has the stack {}, not {}: a new name would replace the stream and the queues with all that \
             is in them. Set name = \"{}\" again, or destroy the stack first, or choose another environment for another stack",
            before.name, now.name, before.name
        )
    })
}

impl Place {
    fn endpoint(&self) -> &str {
        self.endpoint.as_deref().unwrap_or("AWS")
    }
}

/// An endpoint in the form of the state: without a final slash, and `None` if it is empty.
pub fn endpoint(url: Option<String>) -> Option<String> {
    url.map(|url| url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(account_id: &str, region: &str, endpoint: Option<&str>, name: &str) -> Place {
        let [account_id, region, name] = [account_id, region, name].map(str::to_owned);
        Place { account_id, region, endpoint: endpoint.map(str::to_owned), name }
    }

    #[test]
    fn another_place_is_refused_with_both_named() {
        let aws = place("111111111111", "eu-west-1", None, "shop");
        assert_eq!(conflict("prod", &aws, &aws), None);
        for (other, expected) in [
            (place("222222222222", "eu-west-1", None, "shop"), "account 111111111111, not 222222222222:"),
            (place("111111111111", "us-east-1", None, "shop"), "region eu-west-1, not us-east-1:"),
            (
                place("000000000000", "eu-west-1", Some("http://127.0.0.1:4566"), "shop"),
                "account 111111111111, not 000000000000, endpoint AWS, not http://127.0.0.1:4566:",
            ),
            (place("111111111111", "eu-west-1", None, "store"), "has the stack shop, not store:"),
        ] {
            let refusal = conflict("prod", &aws, &other).unwrap();
            assert!(refusal.contains(expected), "{refusal}");
        }
    }

    #[test]
    fn an_endpoint_is_kept_in_one_form() {
        assert_eq!(endpoint(Some("http://localhost:4566/".into())).as_deref(), Some("http://localhost:4566"));
        assert_eq!((endpoint(Some(String::new())), endpoint(None)), (None, None));
    }
}
