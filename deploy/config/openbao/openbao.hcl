# One node, data in a volume, reached on loopback and on the kit's networks only.
ui = true

storage "raft" {
  path    = "/openbao/file"
  node_id = "aikit"
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  tls_disable     = true
  telemetry { unauthenticated_metrics_access = true }
}

telemetry {
  prometheus_retention_time = "1h"
  disable_hostname          = true
}

api_addr     = "http://openbao:8200"
cluster_addr = "http://openbao:8201"
