# The queue of records that the function gave up on.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# The region's name: of aws_region, `name` and `id` are deprecated in provider 6, and `region` is not there in 5.
data "aws_service" "sqs" {
  service_id = "sqs"
}

locals {
  # Provider 5.100 watches a new queue for 25 s before it gives out its address. Both follow from the name, so
  # that function and mapping need not wait; the postcondition sees that they are right.
  dead_letter_queue_path = "${data.aws_caller_identity.current.account_id}/${var.dead_letter_queue_name}"
  dead_letter_queue_url  = "https://${data.aws_service.sqs.dns_name}/${local.dead_letter_queue_path}"
  dead_letter_queue_arn  = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_service.sqs.region}:${replace(local.dead_letter_queue_path, "/", ":")}"
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = var.dead_letter_queue_name
  message_retention_seconds = 1209600                                 # 14 days, the longest: a dead letter waits for a person
  max_message_size          = 262144                                  # the default of provider 5, and the most that it takes; that of 6 is 1 MiB
  sqs_managed_sse_enabled   = var.queue_key_arn == null ? true : null # one kind of encryption at a time
  kms_master_key_id         = var.queue_key_arn

  # Who may use the queue is said by roles alone; this only keeps everybody off an open line.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = local.dead_letter_queue_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  lifecycle {
    postcondition {
      # An emulator's queue has its own host; account and name are what every target goes by.
      condition     = self.arn == local.dead_letter_queue_arn && endswith(self.url, "/${local.dead_letter_queue_path}")
      error_message = "the function and its mapping use ${local.dead_letter_queue_arn}, which is not the queue that was created: use one account and region for all resources."
    }
  }

  tags = var.tags
}
