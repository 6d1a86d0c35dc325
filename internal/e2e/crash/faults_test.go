package crash

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-engine/tocsin/internal/simulator/faults"
)

// table is every fault, in the order of the page.
var table = []fault{
	{name: "worker killed", big: true, short: true, workers: 2, strike: killWorkers},
	{name: "PostgreSQL killed", big: true, short: true, workers: 2, strike: killPostgres},
	{name: "Temporal killed", big: true, short: true, workers: 2, strike: killTemporal},
	{name: "everything killed at once", big: true, short: true, strike: killAll},
	{name: "PostgreSQL stands still", strike: freezePostgres},
	{name: "Temporal stands still", workers: 2, strike: freezeTemporal},
	{name: "database read-only", short: true, strike: readOnly},
	{name: "no space for tables", small: "small", prepare: smallTablespace, strike: fillUp("small")},
	{name: "no space on the database's disk", short: true, small: "data/postgres", prepare: littleLog, strike: fillUp("data/postgres")},
	{name: "clock jumps by hours", short: true, clock: true, strike: jump},
	{name: "mail server takes calls and is silent", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.GreetHang: 0.3, faults.Mail421: 0.004}
	}},
	{name: "mail server hangs after RCPT", storm: func(n float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.RcptHang: few(n)}
	}},
	{name: "mail server hangs after the message", storm: func(n float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.DotHang: few(n) / 2, faults.DotHangTaken: few(n) / 2}
	}},
	{name: "mail server drops connections", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.GreetDrop: 0.1, faults.DotDrop: 0.003, faults.DotDropTaken: 0.003}
	}},
	{name: "mail server answers 421", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.Greet421: 0.2, faults.Mail421: 0.003, faults.Dot421: 0.003}
	}},
	{name: "mail server answers 451", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.Mail451: 0.01, faults.Rcpt451: 0.01, faults.Dot451: 0.01}
	}},
	{name: "mail server answers 552", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.Rcpt552: 0.004, faults.Dot552: 0.004}
	}},
	{name: "mail server closes in DATA", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.DataDrop: 0.005}
	}},
	{name: "mail server answers twice", storm: func(float64) map[faults.Trouble]float64 {
		return map[faults.Trouble]float64{faults.DotTwice: 0.02}
	}},
	{name: "mail server does all of this", short: true, storm: badMail},
	{name: "all of this in one send", workers: 2, storm: badMail, strike: badDay},
}

// few is the share of messages that may hang: each holds a batch up until its time is over.
func few(n float64) float64 { return max(16, n/600) / n }

func badMail(n float64) map[faults.Trouble]float64 {
	return map[faults.Trouble]float64{
		faults.GreetHang: 0.03, faults.GreetDrop: 0.05, faults.Greet421: 0.05, faults.Mail421: 0.002, faults.Mail451: 0.004,
		faults.RcptHang: few(n) / 4, faults.Rcpt451: 0.004, faults.Rcpt552: 0.002, faults.DataDrop: 0.002, faults.DotHang: few(n) / 6, faults.DotHangTaken: few(n) / 6,
		faults.DotDrop: 0.002, faults.DotDropTaken: 0.002, faults.Dot421: 0.002, faults.Dot451: 0.004, faults.Dot552: 0.002, faults.DotTwice: 0.004,
	}
}

// killWorkers ends one of two workers, or both.
func killWorkers(c *chaos) {
	for _, m := range c.moments(c.times(6, 2)) {
		c.at(m)
		which, ended := c.dice.IntN(3), 0
		for i, w := range c.workers {
			if which == 2 || which == i {
				if w.signal(syscall.SIGKILL) {
					ended++
					c.did("%s killed", w.name)
				}
			}
		}
		c.kills += ended
		c.cut(ended)
	}
	c.what = fmt.Sprintf("%d workers killed, one or both of two", c.kills)
}

// killPostgres ends the postmaster, whose children notice it, or all processes in the same moment.
func killPostgres(c *chaos) {
	for _, m := range c.moments(c.times(5, 2)) {
		c.at(m)
		all := c.dice.IntN(2) == 0
		c.crashPostgres(all)
		c.kills++
		c.did("PostgreSQL killed (all of it: %t)", all)
		c.cut(len(c.workers))
	}
	c.what = fmt.Sprintf("%d times, the postmaster alone or with all processes", c.harm)
}

func (d *deployment) crashPostgres(all bool) {
	d.t.Helper()
	d.await("PostgreSQL runs", patience, func() bool { return d.postmaster() != 0 })
	if first := d.postmaster(); first != 0 {
		_ = syscall.Kill(first, syscall.SIGKILL)
	}
	for _, pid := range d.postgres() {
		if all {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func killTemporal(c *chaos) {
	for _, m := range c.moments(c.times(5, 2)) {
		c.at(m)
		if c.temporal.signal(syscall.SIGKILL) { // it sends nothing: nothing may be unknown after it
			c.did("Temporal killed")
		}
	}
	c.what = fmt.Sprintf("%d times", c.harm)
}

// killAll is a power cut, as far as processes can tell.
func killAll(c *chaos) {
	for _, m := range c.moments(c.times(5, 1)) {
		c.at(m)
		c.workers[0].signal(syscall.SIGKILL)
		c.serve.signal(syscall.SIGKILL)
		c.temporal.signal(syscall.SIGKILL)
		if first := c.postmaster(); first != 0 {
			_ = syscall.Kill(first, syscall.SIGKILL)
		}
		for _, pid := range c.postgres() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		c.kills++
		c.did("worker, API, Temporal and PostgreSQL killed")
		c.cut(len(c.workers))
	}
	c.what = fmt.Sprintf("%d times worker, API, Temporal and PostgreSQL", c.harm)
}

// freezePostgres stops all its processes: connections stay open, and nothing answers.
func freezePostgres(c *chaos) {
	c.at(0.1 + 0.5*c.dice.Float64())
	away := c.pause(30*time.Second, 6*time.Second)
	all := c.postgres()
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	c.kills++
	c.did("PostgreSQL stands still")
	time.Sleep(away)
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	c.say("PostgreSQL goes on")
	c.cut(len(c.workers))
	c.what = fmt.Sprintf("all processes stopped for %s", away)
}

func freezeTemporal(c *chaos) {
	c.at(0.1 + 0.5*c.dice.Float64())
	away := c.pause(30*time.Second, 6*time.Second)
	require.True(c.t, c.temporal.signal(syscall.SIGSTOP))
	c.did("Temporal stands still")
	time.Sleep(away)
	c.temporal.signal(syscall.SIGCONT)
	c.say("Temporal goes on")
	c.what = fmt.Sprintf("stopped for %s", away)
}

// readOnly is what a fail-over to a copy does: every session is ended, and new ones may only read. When writing
// is allowed again, the sessions that were opened meanwhile stay as they are, as they would.
func readOnly(c *chaos) {
	away := c.pause(10*time.Second, 4*time.Second)
	for _, m := range c.moments(c.times(2, 1)) {
		c.at(m)
		c.settle("ALTER DATABASE tocsin SET default_transaction_read_only = on")
		c.settle("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tocsin'")
		c.kills++
		c.did("the database is read-only")
		time.Sleep(away)
		c.settle("ALTER DATABASE tocsin RESET default_transaction_read_only")
		c.say("the database takes writes again")
		c.cut(len(c.workers))
	}
	c.what = fmt.Sprintf("%d times for %s, sessions ended", c.harm, away)
}

// settle carries a statement out, again if need be.
func (c *chaos) settle(statement string) {
	c.t.Helper()
	var err error
	for range 20 {
		if err = c.sql(statement); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	require.NoError(c.t, err)
}

// smallTablespace puts the ledger's tables, but not PostgreSQL's log of changes, on a small file system.
func smallTablespace(c *chaos) {
	dir := c.file("small")
	require.NoError(c.t, os.Mkdir(dir+"/tables", 0o700))
	uid, gid := owner(c.t, c.file("data/postgres/data"))
	require.NoError(c.t, os.Chown(dir, uid, gid))
	require.NoError(c.t, os.Chown(dir+"/tables", uid, gid))
	c.settle("CREATE TABLESPACE small LOCATION '" + dir + "/tables'")
	c.settle("ALTER DATABASE tocsin SET TABLESPACE small")
}

// littleLog keeps PostgreSQL's log of changes from filling a small disk by itself.
func littleLog(c *chaos) {
	c.settle("ALTER SYSTEM SET max_wal_size = '96MB'")
	c.settle("SELECT pg_reload_conf()")
}

// fillUp fills a small file system with a file, and takes that away again later.
func fillUp(below string) func(c *chaos) {
	return func(c *chaos) {
		away := c.pause(15*time.Second, 4*time.Second)
		for _, m := range c.moments(c.times(2, 1)) {
			c.at(m)
			ballast := c.file(below + "/ballast")
			n := fill(c.t, ballast)
			c.kills++
			c.did("%d MB were free and are not any more", n>>20)
			time.Sleep(away)
			require.NoError(c.t, os.Remove(ballast))
			c.say("there is space again")
			c.cut(len(c.workers))
		}
		c.what = fmt.Sprintf("%d times for %s", c.harm, away)
	}
}

// jump sets the worker's clock wrong, and right again.
func jump(c *chaos) {
	for _, m := range c.moments(c.times(6, 4)) {
		c.at(m)
		wrong := time.Duration(c.dice.Int64N(int64(52*time.Hour))) - 26*time.Hour
		require.NoError(c.t, os.WriteFile(c.clock, []byte(wrong.String()), 0o600))
		c.did("the worker's clock is wrong by %s", wrong.Round(time.Minute))
	}
	c.at(0.97)
	require.NoError(c.t, os.WriteFile(c.clock, []byte("0s"), 0o600))
	c.say("the worker's clock is right")
	c.what = fmt.Sprintf("%d times by up to 26 h, forwards and backwards", c.harm)
}

// badDay is everything, one after the other, while the mail server is bad.
func badDay(c *chaos) {
	steps := []func(){
		func() {
			c.workers[c.dice.IntN(2)].signal(syscall.SIGKILL)
			c.kills++
			c.did("a worker killed")
			c.cut(1)
		},
		func() {
			c.crashPostgres(c.dice.IntN(2) == 0)
			c.kills++
			c.did("PostgreSQL killed")
			c.cut(len(c.workers))
		},
		func() { c.temporal.signal(syscall.SIGKILL); c.did("Temporal killed") },
		func() { c.serve.signal(syscall.SIGKILL); c.did("the API killed") },
	}
	times := c.times(8, 4)
	for i, m := range c.moments(times) {
		c.at(m)
		steps[(i+c.dice.IntN(2))%len(steps)]()
	}
	c.what = fmt.Sprintf("%d kills", c.harm)
}
