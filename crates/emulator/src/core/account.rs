//! The account and region of an emulator, and the ARNs that follow from them.

use super::region::{Region, RegionCell};

/// Most ARNs are shorter than so many bytes.
const ARN_BYTES: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    pub region: RegionCell,
}

impl Default for Account {
    /// The account id that local emulators agree on, and the region that AWS tools default to.
    fn default() -> Self {
        Self::in_region(Region::default())
    }
}

impl Account {
    /// The account id that local emulators agree on, in the region of the first signed call.
    pub fn in_first_region() -> Self {
        Self { id: "000000000000".into(), region: RegionCell::default() }
    }

    pub fn in_region(region: Region) -> Self {
        let account = Self::in_first_region();
        account.region.settle(region);
        account
    }

    /// The region's name, such as `us-east-1`.
    pub fn region(&self) -> &str {
        self.region.name()
    }

    /// `arn:aws:kinesis:{region}:{account}:stream/{name}`
    pub fn stream_arn(&self, name: &str) -> String {
        self.arn_of("kinesis", ["stream/", name])
    }

    /// `arn:aws:lambda:{region}:{account}:function:{name}`
    pub fn function_arn(&self, name: &str) -> String {
        self.arn_of("lambda", ["function:", name])
    }

    /// `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{rest}`, which policies name for `@connections` calls.
    pub fn execute_api_arn(&self, api_id: &str, stage: &str, rest: &str) -> String {
        self.arn_of("execute-api", [api_id, "/", stage, "/", rest])
    }

    pub fn arn(&self, service: &str, resource: &str) -> String {
        self.arn_of(service, [resource])
    }

    /// Needed several times per message: allocated once, and built without formatting.
    fn arn_of<const PARTS: usize>(&self, service: &str, resource: [&str; PARTS]) -> String {
        let head = ["arn:aws:", service, ":", self.region(), ":", &self.id, ":"];
        let mut arn = String::with_capacity(ARN_BYTES);
        arn.extend(head.into_iter().chain(resource));
        arn
    }
}

/// The stream's name in a stream's or a consumer's ARN (`…:stream/{name}` or
/// `…:stream/{name}/consumer/{consumer}:{epoch}`).
pub fn stream_name_of_arn(arn: &str) -> Option<&str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix("stream/")?.split('/').next().filter(|name| !name.is_empty())
}

/// The stream's own ARN, from a stream's or a consumer's.
pub fn stream_arn_of_arn(arn: &str) -> Option<&str> {
    stream_name_of_arn(arn)?;
    Some(arn.find("/consumer/").map_or(arn, |end| &arn[..end]))
}
