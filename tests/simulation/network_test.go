package simulation

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// host is where OCI is in the simulation, and domainHost where its identity domain is.
const host, domainHost = "127.0.0.1", "127.0.0.2"

// network carries bytes in memory between plugin processes and the service.
type network struct {
	mu       sync.Mutex
	accepted chan net.Conn
	closed   chan struct{}
	open     map[int]map[net.Conn]net.Conn // both ends of the connections of each process
	dead     map[int]bool                  // the processes that were killed

	refuseUntil, hangUntil time.Time
	hung                   int // how many connections have hung so far
	// cutNext is how many requests are still to be cut off, and cutAt after how many bytes of them.
	cutNext, cutAt int
	// disturbed tells whether the network has failed anyone since the last step.
	disturbed bool
	// strays are addresses that were called and are not OCI.
	strays []string
}

func newNetwork() *network {
	return &network{
		accepted: make(chan net.Conn), closed: make(chan struct{}), open: map[int]map[net.Conn]net.Conn{}, dead: map[int]bool{},
	}
}

// address is a net.Addr in memory.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Addr: address(host), Err: syscall.ECONNREFUSED}

// dial connects a plugin process with the service, if the network lets it.
func (n *network) dial(ctx context.Context, to string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(to)
	if err != nil {
		return nil, err
	}
	// The network knows whose connection it is by the call that wants it. OCI is reached at a port for each process besides,
	// which a domain is not: its URL is in the state.
	process, _ := strconv.Atoi(port)
	if v, ok := ctx.Value(processKey{}).(*voice); ok {
		process = v.process.number
	}
	n.mu.Lock()
	if name != host && name != domainHost {
		n.strays = append(n.strays, to)
		n.mu.Unlock()
		return nil, errRefused
	}
	dead, now := n.dead[process], time.Now()
	refused, hanging := now.Before(n.refuseUntil), n.hangUntil.Sub(now)
	if hanging > 0 {
		// Whoever waits comes through at a moment of its own: of two at once, Go takes either first.
		n.hung++
		hanging += time.Duration(n.hung) * time.Millisecond
	}
	n.disturbed = n.disturbed || refused || hanging > 0
	n.mu.Unlock()
	if hanging > 0 && !dead {
		select {
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: address(to), Err: ctx.Err()}
		case <-time.After(hanging):
		}
	}
	n.mu.Lock()
	// It may have been killed meanwhile, and a process that is gone sends nothing.
	if n.dead[process] || refused {
		n.mu.Unlock()
		return nil, errRefused
	}
	client, server := net.Pipe()
	if n.open[process] == nil {
		n.open[process] = map[net.Conn]net.Conn{}
	}
	n.open[process][client] = server
	n.mu.Unlock()
	select {
	case n.accepted <- server:
		return &connection{Conn: client, network: n, process: process}, nil
	case <-n.closed:
		return nil, errRefused
	}
}

// connection is the client's end. It may be cut in the middle of a request.
type connection struct {
	net.Conn
	network *network
	process int
}

// Close ends the connection.
func (c *connection) Close() error {
	c.network.mu.Lock()
	delete(c.network.open[c.process], c.Conn)
	c.network.mu.Unlock()
	return c.Conn.Close()
}

func closeAll(connections map[net.Conn]net.Conn) {
	for client, server := range connections {
		_ = client.Close()
		_ = server.Close()
	}
}

// Write sends bytes, or some of them before the connection breaks.
func (c *connection) Write(data []byte) (int, error) {
	c.network.mu.Lock()
	cut := c.network.cutNext > 0
	if cut {
		c.network.cutNext--
		c.network.disturbed = true
	}
	at := min(c.network.cutAt, len(data))
	c.network.mu.Unlock()
	if !cut {
		return c.Conn.Write(data)
	}
	_, _ = c.Conn.Write(data[:at])
	_ = c.Close()
	return at, &net.OpError{Op: "write", Net: "tcp", Addr: address(host), Err: syscall.ECONNRESET}
}

// kill cuts all connections of a process, and refuses it new ones.
func (n *network) kill(process int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead[process] = true
	closeAll(n.open[process])
	delete(n.open, process)
}

// heal ends all disturbances.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuseUntil, n.hangUntil, n.cutNext = time.Time{}, time.Time{}, 0
}

// wasDisturbed reports whether the network has failed anyone since it was last asked.
func (n *network) wasDisturbed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	disturbed := n.disturbed
	n.disturbed = false
	return disturbed
}

// Accept is the service's side of the network.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accepted:
		return c, nil
	case <-n.closed:
		return nil, errors.New("the network is closed")
	}
}

// Close ends the network. It may be called more than once.
func (n *network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.closed:
		return nil
	default:
	}
	close(n.closed)
	for _, open := range n.open {
		closeAll(open)
	}
	return nil
}

// Addr is the address of the service.
func (*network) Addr() net.Addr { return address(host) }
