variable "name" {
  description = "What the alarms' names begin with."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.name))
    error_message = "name of the alarms must be 1 to 128 letters, digits, hyphens or underscores."
  }
}

variable "dashboard_name" {
  description = "Name of the dashboard, unique in the account: CloudWatch keeps one list for all regions. Null: `name`."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_name == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.dashboard_name))
    error_message = "dashboard_name must be 1 to 255 letters, digits, hyphens or underscores."
  }
}

variable "api" {
  description = "The API's `id` and `stage`."
  type = object({
    id    = string
    stage = string
  })
}

variable "stream_name" {
  description = "Name of the stream."
  type        = string
}

variable "functions" {
  description = "For each function, by its key, its `name` and its `dead_letter_queue_name`."
  type = map(object({
    name                   = string
    dead_letter_queue_name = string
  }))
}

variable "alarm_topic_arns" {
  description = "SNS topics that every alarm notifies when it begins and when it ends."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.alarm_topic_arns) <= 5 && alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:", arn))])
    error_message = "alarm_topic_arns takes at most 5 ARNs of SNS topics."
  }
}

variable "iterator_age_alarm_seconds" {
  description = "Age of the last record read, in seconds, at which a function's alarm goes off."
  type        = number

  validation {
    condition     = var.iterator_age_alarm_seconds > 0 && var.iterator_age_alarm_seconds <= 31536000
    error_message = "iterator_age_alarm_seconds must be over 0 and at most 31,536,000, the longest retention."
  }
}

variable "tags" {
  description = "Tags of every resource that can carry them, beside the provider's default tags."
  type        = map(string)
  default     = {}
}

variable "retention_hours" {
  description = "Hours that the stream keeps a record, in which it can be redriven."
  type        = number
  default     = 24
}

variable "mapping_metrics" {
  description = "Whether the mappings publish their metrics, which two alarms of each function watch."
  type        = bool
  default     = false
}

variable "mapping_ids" {
  description = "Id of each function's event source mapping, by the function's key."
  type        = map(string)
  default     = {}
}

variable "thresholds" {
  description = "Counts within a minute above which alarms go off; `dead_letter_age_hours` is half of `retention_hours` where it is null."
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

  validation {
    condition     = alltrue([for threshold in values(var.thresholds) : threshold == null || try(threshold >= 0, false)])
    error_message = "each of alarm_thresholds must be 0 or more."
  }
}

variable "runbooks" {
  description = "Address of the runbooks; each alarm's description ends with it and the alarm's own heading."
  type        = string
  default     = "docs/runbooks.md"
}
