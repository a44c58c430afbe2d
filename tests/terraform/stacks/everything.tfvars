# Every setting that the other stacks leave at its default.
name             = "all"
stage            = "live"
acknowledgements = true
logging          = "existing_role"
data_trace       = true

access_log_retention_days = 30

alarm_thresholds = { errors = 5, dead_letter_age_hours = 6 }
runbooks         = "https://wiki.example.com/runbooks"

throttling = {
  rate_limit  = 900
  burst_limit = 100
}

route_throttling = {
  shout = { rate_limit = 50, burst_limit = 20 }
}

stream = {
  shard_count     = 2
  retention_hours = 48
  kms_key_arn     = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
}

kms_key_arns = {
  queues = "arn:aws:kms:us-east-1:000000000000:key/22222222-3333-4444-5555-666666666666"
  logs   = "arn:aws:kms:us-east-1:000000000000:key/33333333-4444-5555-6666-777777777777"
}

iam_path             = "/teams/chat/"
permissions_boundary = "arn:aws:iam::aws:policy/AdministratorAccess"

functions = {
  echo = {
    secret_arns = {
      PASSWORD = "arn:aws:secretsmanager:us-east-1:000000000000:secret:password-AbCdEf"
      SETTINGS = "arn:aws:ssm:us-east-1:000000000000:parameter/all/settings"
    }
    policy_statements = [
      { actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:us-east-1:000000000000:table/users"] },
      {
        effect     = "Deny"
        actions    = ["*"]
        resources  = ["*"]
        conditions = { Bool = { "aws:SecureTransport" = ["false"] } }
      },
    ]
    managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    vpc = {
      subnet_ids         = ["subnet-1", "subnet-2"]
      security_group_ids = ["sg-1"]
    }
    layers                     = ["arn:aws:lambda:us-east-1:000000000000:layer:tools:3"]
    tracing                    = true
    ephemeral_storage_mb       = 1024
    memory_mb                  = 256
    timeout_seconds            = 20
    routes                     = ["shout", "say-it"]
    lifecycle_events           = ["CONNECT", "DISCONNECT"]
    connection_actions         = ["POST", "GET", "DELETE"]
    environment                = { GREETING = "hello" }
    reserved_concurrency       = 5
    provisioned_concurrency    = 2
    log_level                  = "DEBUG"
    log_retention_days         = 7
    batch_size                 = 100
    batching_window_seconds    = 1
    parallelization_factor     = 2
    bisect_on_error            = false
    maximum_retry_attempts     = 3
    maximum_record_age_seconds = 3600
    starting_position          = "TRIM_HORIZON"
    enabled                    = false
  }
  relay = {
    connection_actions          = []
    starting_position           = "AT_TIMESTAMP"
    starting_position_timestamp = "2026-01-31T12:00:00Z"
  }
}

route_schemas = {
  "$default" = "{\"type\": \"object\"}"
  "say-it"   = "{ \"required\": [\"text\"], \"type\": \"object\" }"
}
