package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"soapbridge/api/guard"
	"soapbridge/api/idempotency"
)

// batches sends the commands of concurrent calls to a server together. While a batch is on its way, the commands that come wait, and are the next
// batch: a round trip costs the same system calls whether it carries one command or a hundred. A command that finds no batch on its way is
// sent at once. The callers send the batches themselves, so that a command alone costs no change of goroutines.
//
// A command whose caller has left is put into no batch. When a batch is lost, the commands that wait for it fail unsent. So only the next command to
// come asks a server that does not answer, and when the server goes on it has few old commands to execute, whatever the load.
type batches struct {
	client *goredis.Client
	// patience is how long a server is silent before a batch counts as lost. A caller with less time left learns nothing of the server.
	patience time.Duration
	guard    *guard.Guard

	mu      sync.Mutex
	onWay   bool
	waiting []*waiting // the oldest first
}

// mostInBatch bounds the commands of a batch: their answers must come within the time of one.
const mostInBatch = 128

// waiting is a command that waits for its batch.
type waiting struct {
	command  *goredis.Cmd
	deadline time.Time
	turn     chan turn // has room, so that no one waits for a caller who has left
}

// turn is what becomes of a command that has waited: its batch has ended, unless one of these is set.
type turn struct {
	leads bool       // its caller sends the next batch: the command, and the others
	with  []*waiting // the others
	lost  error      // it was not sent
}

// do sends a command and waits for its answer until the context ends, which must have a deadline. The error wraps idempotency.ErrUnsent where the
// server cannot have received the command. After the context's error the command must not be read.
func (b *batches) do(ctx context.Context, command *goredis.Cmd) error {
	if err := ctx.Err(); err != nil {
		return unsent(err)
	}
	deadline, _ := ctx.Deadline()
	own := b.join(command, deadline)
	if own == nil {
		return b.send(ctx, command, nil)
	}
	select {
	case t := <-own.turn:
		return b.take(ctx, command, t)
	case <-ctx.Done():
	}
	if b.leave(own) {
		return unsent(ctx.Err())
	}
	select {
	case t := <-own.turn: // it may be to lead
		return b.take(ctx, command, t)
	default: // others send it
		return ctx.Err()
	}
}

func unsent(cause error) error { return fmt.Errorf("%w: %w", idempotency.ErrUnsent, cause) }

// join returns nil where the caller must send its command now.
func (b *batches) join(command *goredis.Cmd, deadline time.Time) *waiting {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.onWay {
		b.onWay = true
		return nil
	}
	own := &waiting{command, deadline, make(chan turn, 1)}
	b.waiting = append(b.waiting, own)
	return own
}

// leave reports whether the command still waited, and now does not.
func (b *batches) leave(own *waiting) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, own)
	if i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return i >= 0
}

func (b *batches) take(ctx context.Context, command *goredis.Cmd, t turn) error {
	switch {
	case t.lost != nil:
		return unsent(t.lost)
	case t.leads:
		return b.send(ctx, command, t.with)
	}
	return command.Err()
}

// send sends the caller's command, and the others with it.
func (b *batches) send(ctx context.Context, command *goredis.Cmd, others []*waiting) error {
	var lost error
	defer func() { b.next(lost) }()
	began := time.Now()
	err := b.exchange(ctx, command, others)
	if lostServer(err) && (!errors.Is(err, context.DeadlineExceeded) || time.Since(began) >= b.patience) {
		lost = err
	}
	for _, w := range others {
		w.turn <- turn{}
	}
	return command.Err()
}

// exchange returns the first error of the commands. After a panic all of them may have been sent.
func (b *batches) exchange(ctx context.Context, command *goredis.Cmd, others []*waiting) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			b.guard.Report(ctx, cause)
			err = guard.ErrPanic
			command.SetErr(err)
			for _, w := range others {
				w.command.SetErr(err)
			}
		}
	}()
	if len(others) == 0 {
		return b.client.Process(ctx, command)
	}
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline) // the others go on when this caller leaves
	defer cancel()
	pipe := b.client.Pipeline()
	for _, w := range others {
		_ = pipe.Process(ctx, w.command) // it queues, and cannot fail
	}
	_ = pipe.Process(ctx, command)
	_, err = pipe.Exec(ctx)
	return err
}

// next lets a caller send those who have waited longest. After a batch that was lost, what waits is lost, too.
func (b *batches) next(lost error) {
	b.mu.Lock()
	defer b.mu.Unlock() // who leaves must find its turn
	if len(b.waiting) > 0 && lost == nil {
		batch := b.waiting[:min(len(b.waiting), mostInBatch)]
		b.waiting = slices.Clone(b.waiting[len(batch):])
		lead(batch)
		return
	}
	b.onWay = false
	for _, w := range b.waiting {
		w.turn <- turn{lost: lost}
	}
	b.waiting = nil
}

// lead lets the caller with the most time left send a batch.
func lead(batch []*waiting) {
	last := len(batch) - 1
	for i, w := range batch {
		if w.deadline.After(batch[last].deadline) {
			batch[i], batch[last] = batch[last], w
		}
	}
	batch[last].turn <- turn{leads: true, with: batch[:last]}
}

// run is a runScript.
func (b *batches) run(ctx context.Context, script *goredis.Script, keys []string, args []any) *goredis.Cmd {
	all := append(make([]any, 0, 3+len(keys)+len(args)), "evalsha", script.Hash(), len(keys)) //nolint:mnd // the three words
	for _, key := range keys {
		all = append(all, key)
	}
	command := goredis.NewCmd(ctx, append(all, args...)...)
	err := b.do(ctx, command)
	switch {
	case err == nil:
	case goredis.HasErrorPrefix(err, "NOSCRIPT"):
		return script.Eval(ctx, b.client, keys, args...)
	case goredis.HasErrorPrefix(err, "READONLY"), goredis.HasErrorPrefix(err, "LOADING"):
		return script.Run(ctx, b.client, keys, args...) // of a batch, the library repeats only what its first command's error asks for
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, idempotency.ErrUnsent):
		command = goredis.NewCmd(ctx) // the other may still be sent
		command.SetErr(err)
	}
	return command
}
