package bench

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// profiling is the file that a CPU profile of this process is being written to.
var profiling *os.File

// profile begins a CPU profile in a file; with no path it ends the one that runs.
func profile(path string) error {
	if path == "" {
		if profiling == nil {
			return nil
		}
		pprof.StopCPUProfile()
		err := profiling.Close()
		profiling = nil
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	profiling = f
	return pprof.StartCPUProfile(f)
}
