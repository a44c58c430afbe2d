variable "name" {
  description = "Name of the API; its roles and log groups begin with it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.name))
    error_message = "name of the API must be 1 to 48 letters, digits, hyphens or underscores: role names built from it end at 64 characters."
  }
}

variable "stage" {
  description = "Name of the stage, 1 to 128 letters, digits, `_` or `-`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage))
    error_message = "stage must be 1 to 128 letters, digits, underscores or hyphens ($default is for HTTP APIs only)."
  }
}

variable "stream" {
  description = "The stream that events go to: its `name`, its `arn`, and the `customer_key_arn` that encrypts it, or null."
  type = object({
    name             = string
    arn              = string
    customer_key_arn = optional(string)
  })
}

variable "routes" {
  description = "Route keys beside `$default`; a message goes to the one that its `action` member equals."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for key in var.routes : can(regex("^[A-Za-z0-9_./:-]{1,128}$", key))])
    error_message = "each route key must be 1 to 128 letters, digits or any of _ . / : - and cannot begin with $: $default is always there, and connections and disconnections are asked for with lifecycle_events."
  }

  validation {
    condition     = length(distinct(var.routes)) <= 297
    error_message = "an API has at most 300 routes, $connect, $default and $disconnect among them: ask for fewer."
  }
}

variable "lifecycle_events" {
  description = "Events of a connection's life that go to the stream: `CONNECT`, `DISCONNECT`, or none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for event in var.lifecycle_events : contains(["CONNECT", "DISCONNECT"], event)])
    error_message = "lifecycle_events takes CONNECT and DISCONNECT only."
  }
}

variable "route_schemas" {
  description = "JSON Schema (draft 4, as text) by route key; the other routes accept any JSON."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for schema in values(var.route_schemas) : can(keys(jsondecode(schema)))])
    error_message = "each value of route_schemas must be the text of a JSON object, as jsonencode() or file() gives it."
  }

  validation {
    condition     = alltrue([for schema in values(var.route_schemas) : length(schema) <= 32768])
    error_message = "a route's schema has at most 32,768 characters."
  }

  validation {
    condition     = alltrue([for key in keys(var.route_schemas) : contains(concat(["$default"], var.routes), key)])
    error_message = "each key of route_schemas must be $default or a route that a function asks for."
  }
}

variable "acknowledgements" {
  description = "Whether message routes answer: `ack` with the sequence number once the stream has the record, `nack` otherwise."
  type        = bool
  default     = false
}

variable "authorization" {
  description = "Who may connect: `NONE`, `AWS_IAM` or `CUSTOM`, which needs an `authorizer`. Null: `CUSTOM` with one, else `NONE`."
  type        = string
  default     = null

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
  description = "The function that decides who may connect: its `name`, its `invoke_arn`, and `identity_sources`, what a handshake must carry for it to be asked. Null: there is none."
  type = object({
    name             = string
    invoke_arn       = string
    identity_sources = list(string)
  })
  default = null

  validation {
    condition     = var.authorizer == null ? true : length(var.authorizer.identity_sources) > 0 && alltrue([for source in var.authorizer.identity_sources : can(regex("^(route\\.request\\.(header|querystring)|stageVariables|context)\\..+$", source))])
    error_message = "authorizer.identity_sources must name at least one of route.request.querystring.NAME, route.request.header.NAME, stageVariables.NAME or context.NAME ($request.header.NAME is for HTTP APIs)."
  }
}

variable "connect_function" {
  description = "The function that answers handshakes in the API's stead, as only a function can choose a subprotocol: its `name` and its `invoke_arn`. It puts CONNECT events into the stream itself. Null: there is none."
  type = object({
    name       = string
    invoke_arn = string
  })
  default = null
}

variable "throttling" {
  description = "Token bucket of the stage: `rate_limit` requests per second sustained, `burst_limit` requests at once."
  type = object({
    rate_limit  = number
    burst_limit = number
  })

  validation {
    condition     = var.throttling.rate_limit > 0 && var.throttling.rate_limit <= 10000
    error_message = "throttling.rate_limit must be over 0 and at most 10,000 requests per second, the account's own quota."
  }

  validation {
    condition     = var.throttling.burst_limit >= 1 && var.throttling.burst_limit <= 5000 && floor(var.throttling.burst_limit) == var.throttling.burst_limit
    error_message = "throttling.burst_limit must be a whole number from 1 to 5,000, the account's own quota."
  }
}

variable "route_throttling" {
  description = "Token buckets of single routes, by route key: `rate_limit` and `burst_limit` as in `throttling`, which the other routes share."
  type = map(object({
    rate_limit  = number
    burst_limit = number
  }))
  default = {}

  validation {
    condition     = alltrue([for key in keys(var.route_throttling) : contains(concat(["$connect", "$default"], var.routes), key)])
    error_message = "each key of route_throttling must be $connect, $default or a route that a function asks for."
  }

  validation {
    condition     = alltrue([for route in values(var.route_throttling) : route.rate_limit > 0 && route.rate_limit <= 10000 && route.burst_limit >= 1 && route.burst_limit <= 5000 && floor(route.burst_limit) == route.burst_limit])
    error_message = "route_throttling must have a rate_limit over 0 and at most 10,000, and a whole burst_limit from 1 to 5,000, for each route."
  }
}

variable "logging" {
  description = "Access and execution logs: `off`, or `existing_role`, the account-wide one that terraform/account sets."
  type        = string
  default     = "off"

  validation {
    condition     = contains(["off", "existing_role"], var.logging)
    error_message = "logging must be off or existing_role: the account's role, which manage_account_role used to set, has a root of its own, terraform/account."
  }
}

variable "data_trace" {
  description = "Whether execution logs carry whole message bodies."
  type        = bool
  default     = false

  validation {
    condition     = !var.data_trace || var.logging != "off"
    error_message = "data_trace needs execution logs: set logging = existing_role."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the API's logs."
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "access_log_retention_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "after" {
  description = "What must be there before the first client is let in, such as the ids of event source mappings: the stage is made after it."
  type        = list(string)
  default     = []
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

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "domain.name must be a host name in lowercase, without scheme or path."
  }

  validation {
    condition     = var.domain == null || can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/", var.domain.certificate_arn))
    error_message = "domain.certificate_arn must be the ARN of an ACM certificate in the API's region."
  }

  validation {
    condition     = var.domain == null ? true : can(regex("^([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)?$", var.domain.mapping_key)) && length(var.domain.mapping_key) <= 300
    error_message = "domain.mapping_key must be at most 300 letters, digits, _ . or -, in parts divided by single slashes, with none at either end."
  }
}

variable "logs_key_arn" {
  description = "ARN of the customer key that encrypts the log groups; null for CloudWatch's own."
  type        = string
  default     = null
}

variable "iam" {
  description = "`path` of each role, and the ARN of the policy that is its `permissions_boundary`, or null."
  type = object({
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  default = {}
}

variable "role_name" {
  description = "Name of the role, unique in the account. Null: `{name}-integration`."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must be 1 to 64 letters, digits or any of + = , . @ _ -."
  }
}

variable "tags" {
  description = "Tags of every resource that can carry them, beside the provider's default tags."
  type        = map(string)
  default     = {}
}
