package crash

import "syscall"

// tether makes a process end with the thread that started it, so that nothing outlives a suite that is killed.
func tether(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
