package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/config"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite" // registers the SQLite plugin
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Retention is how long a closed workflow's history stays: long enough for an authority's questions.
// What must outlive it is in the ledger and the evidence pack.
const Retention = 90 * 24 * time.Hour

// prepareDatabase makes the SQLite file if it is new and registers the namespace.
func prepareDatabase(o Options) (*config.SQL, error) {
	file := filepath.Join(o.Dir, "temporal.sqlite")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := createDatabase(file); err != nil {
			return nil, fmt.Errorf("make Temporal's database: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("look for Temporal's database: %w", err)
	}
	sql := sqlConfig(file, map[string]string{"journal_mode": "wal"})
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, o.Namespace, false, o.SearchAttributes)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", o.Namespace, err)
	}
	ns.Detail.Config.Retention = durationpb.New(Retention)
	if err := sqliteschema.CreateNamespaces(sql, ns); err != nil {
		return nil, fmt.Errorf("register namespace %s in %s: %w; if the file is damaged, restore it from a back-up", o.Namespace, file, err)
	}
	return sql, nil
}

// createDatabase sets the schema up under a temporary name and renames it, so that a kill in the
// middle leaves no half-made file. Write-ahead logging comes on later: its side files would not be
// renamed.
func createDatabase(file string) error {
	tmp := file + ".new"
	for _, f := range []string{tmp, tmp + "-journal", tmp + "-wal", tmp + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := sqliteschema.SetupSchema(sqlConfig(tmp, nil)); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

func sqlConfig(file string, pragmas map[string]string) *config.SQL {
	attributes := map[string]string{"mode": "rwc"}
	maps.Copy(attributes, pragmas)
	// The plugin puts the name into a URI as it is.
	path := (&url.URL{Path: file}).EscapedPath()
	return &config.SQL{PluginName: "sqlite", DatabaseName: path, ConnectAttributes: attributes}
}

// awaitNamespace waits until the namespace answers, and adds the search attributes that an existing
// one does not have yet.
func awaitNamespace(ctx context.Context, hostPort string, o Options) error {
	c, err := dialPatiently(ctx, client.Options{HostPort: hostPort, Namespace: o.Namespace, Logger: silent{}})
	if err != nil {
		return fmt.Errorf("reach Temporal: %w", err)
	}
	defer c.Close()
	op := c.OperatorService()
	have, err := op.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range o.SearchAttributes {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = op.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: o.Namespace, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}

// dialPatiently tries until the frontend answers for the namespace or ctx is over.
func dialPatiently(ctx context.Context, o client.Options) (client.Client, error) {
	for {
		c, err := client.DialContext(ctx, o)
		if err == nil {
			_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
			if err == nil {
				return c, nil
			}
			c.Close()
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// silent keeps the SDK's "no logger configured" and dial notes off the terminal.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

var _ sdklog.Logger = silent{}
