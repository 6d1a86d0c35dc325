#!/bin/sh
# Runs in the admin-tools image: registers the namespace if it is new. Closed workflows stay for 90
# days; what must outlive that is in the ledger and the evidence packs.
set -eu
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE is there"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 90d
fi
