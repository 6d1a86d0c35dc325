package pgchild

import "syscall"

// SIGINT is PostgreSQL's "fast shutdown": connections are ended, nothing is lost.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGINT }
