# Every input: four shards, a week of records, a customer key.

module "stream" {
  source = "../.."

  name            = "orders-events"
  mode            = "PROVISIONED"
  shard_count     = 4
  retention_hours = 168
  kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  tags            = { team = "orders" }
}

output "stream" {
  value = module.stream
}
