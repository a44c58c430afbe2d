//! The flow, hop by hop: client to gateway, gateway to stream, stream to function, function to client, and round.

mod authorization;
mod client_to_gateway;
mod crowd;
mod early_clients;
mod failing_batches;
mod fault_queues;
mod faults_on_demand;
mod function_host;
mod function_to_client;
mod gateway_to_stream;
mod integrations;
mod invoke;
mod kept_streams;
mod least_privilege;
mod mapping_states;
mod observability;
mod open_files;
mod protocol;
mod resharding;
mod round_trip;
mod routes;
mod side_by_side;
mod stream_to_function;
mod suite;
