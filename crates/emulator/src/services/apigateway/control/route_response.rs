//! Route responses: their presence makes a route two-way.

use super::definition::Definition;
use super::invalid;
use super::resource::Resource;
use super::settings::RouteResponse;
use crate::protocol::ApiError;

impl Resource for RouteResponse {
    const KIND: &'static str = "RouteResponse";
    const ID: &'static str = "routeResponseId";
    const COUNT_MAX: usize = 1;

    fn check(&self, _: Option<&str>, _: &Definition) -> Result<(), ApiError> {
        if self.route_response_key == "$default" {
            return Ok(());
        }
        Err(invalid("Currently, only $default is supported as a route response key"))
    }
}
