variable "name" {
  description = "Name of the stream, 1 to 128 letters, digits, `_`, `.` or `-`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,128}$", var.name))
    error_message = "name of the stream must be 1 to 128 letters, digits, underscores, dots or hyphens."
  }
}

variable "mode" {
  description = "Capacity mode, `PROVISIONED` or `ON_DEMAND`."
  type        = string
  default     = "PROVISIONED"

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.mode)
    error_message = "stream.mode must be PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  description = "Shards of a provisioned stream; each takes 1,000 records or 1 MB per second."
  type        = number
  default     = 1

  validation {
    condition     = var.shard_count >= 1 && floor(var.shard_count) == var.shard_count
    error_message = "stream.shard_count must be a whole number of at least 1."
  }

  validation {
    condition     = var.mode != "ON_DEMAND" || var.shard_count == 1
    error_message = "stream.shard_count has no meaning with mode = ON_DEMAND, where AWS chooses the shards: leave it out."
  }
}

variable "retention_hours" {
  description = "Hours that a record can be read again, 24 to 8760; over 24 costs extra."
  type        = number
  default     = 24

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760 && floor(var.retention_hours) == var.retention_hours
    error_message = "stream.retention_hours must be a whole number from 24 to 8760."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the stream: `alias/aws/kinesis`, which AWS manages, or the ARN of a customer key."
  type        = string
  default     = "alias/aws/kinesis"
  nullable    = false

  validation {
    # IAM statements name a key by its ARN: an alias there would match nothing.
    condition     = can(regex("^(alias/aws/kinesis|arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)$", var.kms_key_arn))
    error_message = "stream.kms_key_arn must be a key's ARN (arn:aws:kms:...:key/...) or alias/aws/kinesis: IAM policies cannot name a key by its alias."
  }
}

variable "tags" {
  description = "Tags of every resource that can carry them, beside the provider's default tags."
  type        = map(string)
  default     = {}
}
