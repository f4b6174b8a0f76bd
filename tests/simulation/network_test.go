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

// host is OCI's host in the simulation, and domainHost that of the identity domain.
const host, domainHost = "127.0.0.1", "127.0.0.2"

// network carries bytes in memory between plugin processes and the service.
type network struct {
	mu       sync.Mutex
	accepted chan net.Conn
	closed   chan struct{}
	open     map[int]map[net.Conn]net.Conn // both ends of the connections of each process
	dead     map[int]bool                  // which processes were killed

	refuseUntil, hangUntil time.Time
	hung                   int // how many connections have hung so far
	// cutNext is how many of the next requests are cut off, and cutAt after how many bytes.
	cutNext, cutAt int
	// disturbed reports whether a connection has failed since the last step.
	disturbed bool
	// strays holds addresses other than OCI's that were called.
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

// dial connects a plugin process to the service, unless the network is disturbed.
func (n *network) dial(ctx context.Context, to string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(to)
	if err != nil {
		return nil, err
	}
	// The context of the call tells whose connection it is. OCI also has one port for each process. A domain does not, because its
	// URL is in the state.
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
		// Each waiting connection continues at its own moment, because Go orders simultaneous ones at random.
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
	// The process may have been killed meanwhile, and then sends nothing.
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
	case n.accepted <- served{server, process}:
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

// served is the service's end of a connection. Its other end is a plugin process.
type served struct {
	net.Conn
	process int
}

// RemoteAddr returns the number of the process.
func (s served) RemoteAddr() net.Addr { return address(strconv.Itoa(s.process)) }

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

// wasDisturbed reports whether a connection has failed since the last call of wasDisturbed.
func (n *network) wasDisturbed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	disturbed := n.disturbed
	n.disturbed = false
	return disturbed
}

// Accept returns the next connection to the service.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accepted:
		return c, nil
	case <-n.closed:
		return nil, errors.New("the network is closed")
	}
}

// Close closes the network. It may be called more than once.
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

// Addr returns the address of the service.
func (*network) Addr() net.Addr { return address(host) }
