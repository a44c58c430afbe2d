//! The services of the control plane, and their particulars on the wire.

use super::ApiError;

/// A service by its SigV4 name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `apigateway`: API Gateway v2, and the account resource of v1.
    ApiGateway,
    Lambda,
    Iam,
    Sts,
    Logs,
    Sqs,
    /// `monitoring`
    CloudWatch,
}

impl Service {
    const ALL: [Self; 7] =
        [Self::ApiGateway, Self::Lambda, Self::Iam, Self::Sts, Self::Logs, Self::Sqs, Self::CloudWatch];

    /// The service of a SigV4 credential scope.
    pub fn of_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name)
    }

    /// The name in a credential scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::ApiGateway => "apigateway",
            Self::Lambda => "lambda",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Logs => "logs",
            Self::Sqs => "sqs",
            Self::CloudWatch => "monitoring",
        }
    }

    /// The prefix of the service's actions in a policy.
    pub fn action_prefix(self) -> &'static str {
        match self {
            Self::CloudWatch => "cloudwatch",
            other => other.signing_name(),
        }
    }

    /// The prefix of `X-Amz-Target`, for services that speak JSON or CBOR.
    pub fn target_prefix(self) -> Option<&'static str> {
        match self {
            Self::Logs => Some("Logs_20140328"),
            Self::Sqs => Some("AmazonSQS"),
            Self::CloudWatch => Some("GraniteServiceVersion20100801"),
            _ => None,
        }
    }

    pub fn of_target_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.target_prefix() == Some(prefix))
    }

    /// API version and XML namespace, for services with the Query protocol.
    pub fn query_version(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Iam => Some(("2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/")),
            Self::Sts => Some(("2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/")),
            Self::CloudWatch => Some(("2010-08-01", "http://monitoring.amazonaws.com/doc/2010-08-01/")),
            _ => None,
        }
    }

    /// The service whose Query API has this version.
    pub fn of_query_version(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.query_version().is_some_and(|(own, _)| own == version))
    }

    /// Whether errors of its JSON and CBOR protocols also carry the code that they have in the Query protocol: the
    /// services that spoke that one before.
    pub fn is_query_compatible(self) -> bool {
        matches!(self, Self::Sqs | Self::CloudWatch)
    }

    /// An argument that is wrong, or that this emulator does not support.
    pub fn invalid(self, message: impl Into<String>) -> ApiError {
        let code = match self {
            Self::ApiGateway => "BadRequestException",
            Self::Lambda | Self::Sqs | Self::CloudWatch => "InvalidParameterValueException",
            Self::Iam | Self::Sts => "ValidationError",
            Self::Logs => "InvalidParameterException",
        };
        let error = ApiError::bad_request(code, message);
        if self.is_query_compatible() { error.with_query_code("InvalidParameterValue") } else { error }
    }

    /// An argument that must be there and is not.
    pub fn missing(self, operation: &str, argument: &str) -> ApiError {
        if self.is_query_compatible() {
            let message = format!("The request must contain the parameter {argument}.");
            return ApiError::bad_request("MissingRequiredParameterException", message)
                .with_query_code("MissingParameter");
        }
        self.invalid(format!("{operation}: argument {argument} is missing"))
    }
}
