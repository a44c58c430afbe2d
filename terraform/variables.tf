# The whole configuration of a stack. Types and defaults are literals: `cargo run -- dev` reads them too.
# A limit that concerns one module is checked in that module; here stands what spans several.

variable "name" {
  description = "Prefix of every resource name, unique in the account and region."
  type        = string
  default     = "sluicegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.name))
    error_message = "name must be 1 to 24 lowercase letters, digits or hyphens and begin with a letter: IAM role names built from it end at 64 characters."
  }
}

variable "stage" {
  description = "Name of the API's stage, the last part of the WebSocket URI."
  type        = string
  default     = "v1"
}

variable "architecture" {
  description = "CPU architecture of the functions, `x86_64` or `arm64`; the zips in `bundle` must be built for it."
  type        = string
  default     = "x86_64"
}

variable "bundle" {
  description = "Folder that holds one `{function}.zip` for each key of `functions`, relative to the folder Terraform runs in."
  type        = string
  default     = "../dist/functions"
}

variable "logging" {
  description = "Access and execution logs of the API: `off`, or `existing_role`, the one that API Gateway has for all APIs of the account and region (`just account` sets it)."
  type        = string
  default     = "off"
}

variable "data_trace" {
  description = "Whether execution logs carry whole message bodies; needs `logging`."
  type        = bool
  default     = false
}

variable "acknowledgements" {
  description = "Whether each message is answered with an `ack` or a `nack` frame; each answer is a paid message."
  type        = bool
  default     = false
}

variable "throttling" {
  description = "Token bucket of the stage: `rate_limit` requests per second sustained, `burst_limit` requests at once."
  type = object({
    rate_limit  = optional(number, 500)
    burst_limit = optional(number, 500)
  })
  default = {}

  validation {
    # A full bucket lets its burst through beside the rate, within one second.
    condition     = var.acknowledgements || var.throttling.rate_limit + var.throttling.burst_limit + sum(concat([0], [for route in values(var.route_throttling) : route.rate_limit + route.burst_limit])) <= (var.stream.mode == "ON_DEMAND" ? 4000 : 1000 * var.stream.shard_count)
    error_message = "throttling and route_throttling admit rate_limit + burst_limit messages in one second, which is more than the stream takes (1,000 records for each shard, 4,000 for a new on-demand stream). What it refuses is lost, and no client is told: lower them, raise stream.shard_count, or set acknowledgements = true, so that clients get a nack and can send again."
  }
}

variable "route_throttling" {
  description = "Token buckets of single routes, by route key: `rate_limit` and `burst_limit` as in `throttling`, which the other routes share."
  type = map(object({
    rate_limit  = number
    burst_limit = number
  }))
  default = {}
}

variable "stream" {
  description = "The stream: `mode` `PROVISIONED` with `shard_count`, or `ON_DEMAND`; `retention_hours` from 24 to 8760; `kms_key_arn` of a customer key that encrypts it in place of the one that AWS manages."
  type = object({
    mode            = optional(string, "PROVISIONED")
    shard_count     = optional(number, 1)
    retention_hours = optional(number, 24)
    kms_key_arn     = optional(string, "alias/aws/kinesis")
  })
  default = {}
}

variable "kms_key_arns" {
  description = "ARNs of customer keys in place of AWS's own: `queues` for the dead-letter queues, `logs` for all log groups, whose key policy must let CloudWatch Logs use it."
  type = object({
    queues = optional(string)
    logs   = optional(string)
  })
  default = {}

  validation {
    condition     = alltrue([for arn in values(var.kms_key_arns) : arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", arn))])
    error_message = "each of kms_key_arns must be a key's ARN (arn:aws:kms:...:key/...): IAM policies cannot name a key by its alias."
  }
}

variable "functions" {
  description = "The functions by name; each attribute is described in modules/function. One without `routes` sees every event."
  type = map(object({
    memory_mb          = optional(number, 128)
    timeout_seconds    = optional(number, 30)
    routes             = optional(list(string), [])
    lifecycle_events   = optional(list(string), [])
    connection_actions = optional(list(string), ["POST"])
    environment        = optional(map(string), {})
    secret_arns        = optional(map(string), {})
    policy_statements = optional(list(object({
      effect     = optional(string, "Allow")
      actions    = list(string)
      resources  = list(string)
      conditions = optional(map(map(list(string))), {})
    })), [])
    managed_policy_arns = optional(list(string), [])
    vpc = optional(object({
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
    layers                      = optional(list(string), [])
    tracing                     = optional(bool, false)
    ephemeral_storage_mb        = optional(number, 512)
    reserved_concurrency        = optional(number, -1)
    provisioned_concurrency     = optional(number, 0)
    log_level                   = optional(string, "INFO")
    log_retention_days          = optional(number, 14)
    batch_size                  = optional(number, 16)
    batching_window_seconds     = optional(number, 0)
    parallelization_factor      = optional(number, 1)
    bisect_on_error             = optional(bool, true)
    maximum_retry_attempts      = optional(number, 10)
    maximum_record_age_seconds  = optional(number, -1)
    starting_position           = optional(string, "LATEST")
    starting_position_timestamp = optional(string)
    enabled                     = optional(bool, true)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.functions) : can(regex("^[a-z][a-z0-9_-]{0,27}$", name))])
    error_message = "each key of functions must be 1 to 28 lowercase letters, digits, hyphens or underscores and begin with a letter: it names a crate, a zip and a role."
  }

  validation {
    condition     = length(var.functions) <= 20
    error_message = "a stream has at most 20 consumers, and each function is one: split the functions over several stacks."
  }
}

variable "pinned_versions" {
  description = "Numbers of published versions that stay at work, by function, whatever is published beside them: how a rollback is kept."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, version in var.pinned_versions : contains(keys(var.functions), key) && can(regex("^[1-9][0-9]*$", version))])
    error_message = "each of pinned_versions must be the number of a published version, under the key of a function."
  }
}

variable "iam_path" {
  description = "Path of every role, such as `/teams/chat/`. Set it before the first deployment: AWS moves no role, and a second one cannot have the name of the first."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([A-Za-z0-9+=,.@_-]{1,64}/)*$", var.iam_path)) && length(var.iam_path) <= 512
    error_message = "iam_path must begin and end with / and have letters, digits and +=,.@_- between, at most 64 in a part and 512 in all."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds what every role may do, where the account asks for one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a managed policy (arn:aws:iam::...:policy/...)."
  }
}

variable "route_schemas" {
  description = "JSON Schema (draft 4, as text) by route key, for the routes that accept less than any JSON; `$default` is allowed."
  type        = map(string)
  default     = {}
}

variable "authorization" {
  description = "Who may connect: `NONE` (everybody), `AWS_IAM` (who signs the handshake and may `execute-api:Invoke` on the output `connect_arn`) or `CUSTOM` (whom `authorizer` lets in). Null: `CUSTOM` with an authorizer, else `NONE`."
  type        = string
  default     = null

  # As in modules/gateway, where they wait for the authorizer's function to be known.
  validation {
    condition     = var.authorization == null ? true : contains(["NONE", "AWS_IAM", "CUSTOM"], var.authorization)
    error_message = "authorization must be NONE, AWS_IAM or CUSTOM."
  }

  validation {
    condition     = var.authorization == null ? true : (var.authorization == "CUSTOM") == (var.authorizer != null)
    error_message = "authorization must be CUSTOM with an authorizer, and NONE or AWS_IAM without one: a handshake has one kind of authorization."
  }
}

variable "authorizer" {
  description = "Function that decides who may connect: `function` names its zip in `bundle` (`jwt-authorizer` is ready-made), `token_from` the one place of the token; each attribute is described in modules/authorizer. Null: there is none."
  type = object({
    function           = string
    token_from         = optional(string, "query")
    identity_sources   = optional(list(string))
    memory_mb          = optional(number, 128)
    timeout_seconds    = optional(number, 5)
    environment        = optional(map(string), {})
    log_level          = optional(string, "INFO")
    log_retention_days = optional(number, 14)
  })
  default = null

  validation {
    condition     = var.authorizer == null || !contains(keys(var.functions), "authorizer")
    error_message = "functions cannot have the key authorizer beside an authorizer, whose function has that name: choose another key."
  }

  validation {
    condition     = try(var.authorizer.token_from, null) != "subprotocol" || !contains(keys(var.functions), "connect")
    error_message = "functions cannot have the key connect beside a token in the subprotocol, whose function has that name: choose another key."
  }
}

variable "public" {
  description = "Whether it is meant that everybody may connect, where `authorization` is `NONE`: without it, Terraform warns."
  type        = bool
  default     = false
}

variable "domain" {
  description = "Custom domain: `name`, `certificate_arn` (ACM, same region), `mapping_key` (the path below it, may be empty) `hosted_zone_id` (Route 53, where the alias record is wanted), and `disable_default_endpoint`, which leaves the domain as the only way in, also for the functions' answers."
  type = object({
    name                     = string
    certificate_arn          = string
    mapping_key              = optional(string, "")
    hosted_zone_id           = optional(string)
    disable_default_endpoint = optional(bool, false)
  })
  default = null
}

variable "alarm_topic_arns" {
  description = "SNS topics that alarms notify when they begin and when they end; at most 5."
  type        = list(string)
  default     = []
}

variable "iterator_age_alarm_seconds" {
  description = "Age of the last record read, in seconds, at which a function's alarm goes off."
  type        = number
  default     = 60
}

variable "alarm_thresholds" {
  description = "Counts within a minute above which alarms go off, each explained in modules/observability; `dead_letter_age_hours` is half of the stream's retention where it is null."
  type = object({
    integration_errors    = optional(number, 0)
    execution_errors      = optional(number, 0)
    write_throttles       = optional(number, 0)
    errors                = optional(number, 0)
    throttles             = optional(number, 0)
    dead_letters          = optional(number, 0)
    dead_letter_age_hours = optional(number)
    dead_letter_failures  = optional(number, 0)
    destination_failures  = optional(number, 0)
    given_up_events       = optional(number, 0)
    dropped_events        = optional(number, 0)
  })
  default = {}
}

variable "mapping_metrics" {
  description = "Whether event source mappings publish their metrics (`EventCount`), which AWS bills as custom metrics; without them, two alarms of each function are left out."
  type        = bool
  default     = true
}

variable "runbooks" {
  description = "Address of the runbooks that alarms link to; your own copy, where you have one."
  type        = string
  default     = "docs/runbooks.md"
}

variable "access_log_retention_days" {
  description = "Days that the API's own logs are kept, where `logging` is on."
  type        = number
  default     = 14
}

variable "deletion_protection" {
  description = "Whether `sluicegate stack` refuses every plan that would delete or replace the stream or a dead-letter queue, and with it what is in them."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of every resource that can carry them, beside `application`, which is the stack's name."
  type        = map(string)
  default     = {}
}

variable "allowed_account_ids" {
  description = "AWS accounts that the stack may be in; in any other, nothing is planned. Empty: any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "each of allowed_account_ids must be an account's 12 digits, as a string."
  }
}

variable "endpoint" {
  description = "The emulator's address, which `sluicegate stack` passes on from AWS_ENDPOINT_URL and keeps in the state. Null: AWS. It changes nothing in the stack."
  type        = string
  default     = null
}
