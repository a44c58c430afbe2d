//! `@connections`, called with AWS's SDK client, as functions do.

use super::records::client_and_record;
use super::unique;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::eventually;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use std::sync::Arc;

/// A connected client and its connection's id.
async fn client_and_id(endpoint: &Endpoint) -> (Client, String) {
    let (client, record, _) = client_and_record(endpoint).await;
    (client, record.partition_key.unwrap_or_default())
}

/// A message that is posted reaches its client.
pub async fn an_sdk_posts_to_a_connection(endpoint: Arc<Endpoint>) {
    let (mut client, id) = client_and_id(&endpoint).await;
    let text = unique();
    let post = endpoint.connections().post_to_connection().connection_id(&id).data(Blob::new(text.clone()));
    post.send().await.expect("posted");
    assert_eq!(client.receive().await, text);
}

/// GET describes a connection, and DELETE ends it.
pub async fn an_sdk_asks_about_a_connection_and_closes_it(endpoint: Arc<Endpoint>) {
    let (mut client, id) = client_and_id(&endpoint).await;
    let connections = endpoint.connections();
    let info =
        connections.get_connection().connection_id(&id).send().await.expect("GET @connections succeeds");
    assert!(info.connected_at().is_some() && info.connected_at() <= info.last_active_at(), "{info:?}");
    connections.delete_connection().connection_id(&id).send().await.expect("closed");
    client.closed().await;
}

/// The response is 410 once the gateway has seen the client leave.
pub async fn a_client_that_left_is_gone(endpoint: Arc<Endpoint>) {
    let (client, id) = client_and_id(&endpoint).await;
    client.close().await;
    let connections = endpoint.connections();
    eventually("the connection is gone", || async {
        let post = connections.post_to_connection().connection_id(&id).data(Blob::new("late")).send().await;
        post.is_err_and(|error| error.into_service_error().is_gone_exception())
    })
    .await;
}
