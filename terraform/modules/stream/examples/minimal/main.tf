# One shard that keeps records for a day, encrypted with the key that AWS manages.

module "stream" {
  source = "../.."

  name = "orders-events"
}
