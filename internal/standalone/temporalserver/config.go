package temporalserver

import (
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active"
	clusterID   = "2f0c6f0e-7d0b-4f53-9a53-6d6f6e2f7b5a"
	disabled    = "disabled"
)

func serverConfig(host string, p ports, sql *config.SQL) *config.Config {
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
	}
	frontend := service(p.Frontend)
	frontend.RPC.HTTPPort = p.FrontendHTTP // without it, Nexus calls time out
	address := net.JoinHostPort(host, strconv.Itoa(p.Frontend))
	return &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: host}},
		Persistence: config.Persistence{
			DefaultStore: "main", VisibilityStore: "main", NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{"main": {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled: true, InitialFailoverVersion: 1, ClusterID: clusterID,
				RPCAddress: address, HTTPAddress: net.JoinHostPort(host, strconv.Itoa(p.FrontendHTTP)),
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): frontend,
			string(primitives.HistoryService):  service(p.History),
			string(primitives.MatchingService): service(p.Matching),
			string(primitives.WorkerService):   service(p.Worker),
		},
		Archival: config.Archival{
			History: config.HistoryArchival{State: disabled}, Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: address},
	}
}

func staticHosts(host string, p ports) map[primitives.ServiceName]static.Hosts {
	at := func(port int) static.Hosts { return static.SingleLocalHost(net.JoinHostPort(host, strconv.Itoa(port))) }
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: at(p.Frontend),
		primitives.HistoryService:  at(p.History),
		primitives.MatchingService: at(p.Matching),
		primitives.WorkerService:   at(p.Worker),
	}
}

// dynamicSettings differ from the server's defaults where one process on one machine does.
func dynamicSettings() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// The fairness key is the incident: a small urgent one is not starved by a large one.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// One host gains nothing from partitions, and fairness is exact with one.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Decisions come from people (amend, approve, pause ...); ten at once is near when several
		// act on one incident while an activity runs inside a handler. The total stays at the
		// default of 2,000, so that nothing works here and then fails on a real cluster.
		dynamicconfig.WorkflowExecutionMaxInFlightUpdates.Key(): 50,
		// The console lists incidents by visibility queries.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// A search attribute is usable as soon as it is registered.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// Bounds memory: this process also renders and sends.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8192,
	}
}
