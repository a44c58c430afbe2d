//! Builds the services of one emulator and connects them.

use super::options::EmulatorOptions;
use crate::core::account::Account;
use crate::core::temp_folder::TempFolder;
use crate::dispatch::AwsApi;
use crate::fault_injection::Faults;
use crate::server::app::App;
use crate::server::guard::Guard;
use crate::services::apigateway::control::ApiGateway;
use crate::services::apigateway::websocket::{self, Gateway};
use crate::services::dynamodb::Tables;
use crate::services::iam::Iam;
use crate::services::kinesis::{self, Streams};
use crate::services::lambda;
use crate::services::lambda::control::Lambda;
use crate::services::lambda::event_source_mapping::{self, Mappings};
use crate::services::lambda::invocation::{self, Functions, Processes};
use crate::services::logs::Logs;
use crate::services::sqs::Queues;
use crate::storage::{Checkpoints, Restored, Storage};
use std::path::PathBuf;
use std::sync::Arc;

struct Shared {
    account: Account,
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    queues: Arc<Queues>,
    faults: Faults,
}

/// Builds every service, those without dependencies first.
pub(super) async fn app(
    endpoint_url: String,
    options: EmulatorOptions,
    temp_folder: &TempFolder,
    stored: Option<(Storage, Restored)>,
) -> App {
    let iam = Arc::new(Iam::new(options.account.clone()));
    let shared = Shared {
        logs: Arc::new(Logs::new(options.account.clone())),
        queues: Arc::new(Queues::new(options.account.clone(), iam.clone())),
        faults: Faults::new(options.faults.clone()),
        account: options.account.clone(),
        iam,
    };
    let checkpoints = Checkpoints::new(stored.as_ref().map(|(storage, _)| storage.clone()));
    let streams = Streams::start(kinesis::Deps {
        account: shared.account.clone(),
        permissions: shared.iam.clone(),
        write_limits: options.write_limits,
        subscription_timers: options.subscription_timers,
        faults: shared.faults.clone(),
        stored,
    })
    .await;
    let data_dir = options.data_dir.clone();
    let functions = shared.functions(endpoint_url, &options, temp_folder);
    let mappings = shared.mappings(&streams, &functions, checkpoints);
    let gateway = shared.gateway(&streams, &functions, &options);
    let lambda = shared.lambda(&streams, &functions, &mappings, temp_folder, &options);
    let guard = Guard::new(options.access, shared.iam.clone(), shared.account.region.clone());
    let tables = shared.tables(data_dir);
    let faults = shared.faults.clone();
    let aws_api = shared.aws_api(&gateway, lambda);
    App { guard, gateway, streams, tables, functions, mappings, aws_api, faults }
}

impl Shared {
    fn tables(&self, data_dir: Option<PathBuf>) -> Tables {
        Tables::new(self.account.clone(), self.iam.clone(), self.faults.clone(), data_dir)
    }

    fn functions(
        &self,
        endpoint_url: String,
        options: &EmulatorOptions,
        temp_folder: &TempFolder,
    ) -> Functions {
        Functions::new(invocation::Deps {
            account: self.account.clone(),
            permissions: self.iam.clone(),
            logs: self.logs.clone(),
            endpoint_url,
            faults: self.faults.clone(),
            init_max: options.init_max.unwrap_or(invocation::INIT_MAX),
            freeze: options.freeze,
            processes: Processes::in_folder(temp_folder),
        })
    }

    fn mappings(&self, streams: &Streams, functions: &Functions, checkpoints: Checkpoints) -> Mappings {
        Mappings::new(event_source_mapping::Deps {
            account: self.account.clone(),
            streams: streams.clone(),
            functions: functions.clone(),
            permissions: self.iam.clone(),
            destinations: self.queues.clone(),
            checkpoints,
            faults: self.faults.clone(),
        })
    }

    fn gateway(&self, streams: &Streams, functions: &Functions, options: &EmulatorOptions) -> Gateway {
        Gateway::new(websocket::Deps {
            account: self.account.clone(),
            streams: streams.clone(),
            functions: functions.clone(),
            queues: self.queues.clone(),
            permissions: self.iam.clone(),
            logs: self.logs.clone(),
            timers: options.timers,
            faults: self.faults.clone(),
            is_starting: options.is_starting,
        })
    }

    fn lambda(
        &self,
        streams: &Streams,
        functions: &Functions,
        mappings: &Mappings,
        temp_folder: &TempFolder,
        options: &EmulatorOptions,
    ) -> Lambda {
        Lambda::new(lambda::control::Deps {
            account: self.account.clone(),
            iam: self.iam.clone(),
            logs: self.logs.clone(),
            functions: functions.clone(),
            mappings: mappings.clone(),
            streams: streams.clone(),
            data_dir: temp_folder.code(),
            settle_time: options.function_settle_time.unwrap_or(lambda::control::SETTLE_TIME),
        })
    }

    fn aws_api(self, gateway: &Gateway, lambda: Lambda) -> AwsApi {
        let api_gateway = ApiGateway::new(self.account.clone(), self.iam.clone(), gateway.clone());
        AwsApi::new(self.account, self.iam, self.logs, self.queues, api_gateway, lambda)
    }
}
