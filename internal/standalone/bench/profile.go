package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// profiling is the file that a CPU profile of this process is being written to; beside it, in the end, what was
// allocated.
var profiling *os.File

// profile begins a CPU profile in a file; with no path it ends the one that runs.
func profile(path string) error {
	if path == "" {
		if profiling == nil {
			return nil
		}
		pprof.StopCPUProfile()
		err := errors.Join(profiling.Close(), allocations(profiling.Name()+".memory"))
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

// allocations writes what is held now and what was allocated since the start.
func allocations(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	runtime.GC()
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}
