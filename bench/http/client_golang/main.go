// The exporter with client_golang. Without SERIES it has the metrics `a` and `b` of the README; with
// BARE, nothing else.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var codes = []string{"200", "201", "204", "301", "400", "404", "500", "503"}

type hello struct {
	a, b *prometheus.Desc
}

func newHello() *hello {
	return &hello{
		a: prometheus.NewDesc("a", "Display a.", nil, nil),
		b: prometheus.NewDesc("b", "Display b.", []string{"hostname"}, prometheus.Labels{"hello": "world"}),
	}
}

func (h *hello) Describe(descs chan<- *prometheus.Desc) {
	descs <- h.a
	descs <- h.b
}

func (h *hello) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(h.a, prometheus.GaugeValue, 1)
	metrics <- prometheus.MustNewConstMetric(h.b, prometheus.CounterValue, 2, "Hi")
}

func newRequests(series int) *prometheus.CounterVec {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "requests_total",
		Help:        "Requests served.",
		ConstLabels: prometheus.Labels{"service": "checkout"},
	}, []string{"method", "path", "code"})
	for value, at := range rand.Perm(series) {
		method := fmt.Sprintf("method%d", at%8)
		path := fmt.Sprintf("/api/v1/resource/%d", 100000+at/4)
		requests.WithLabelValues(method, path, codes[at/8%8]).Add(float64(value))
	}
	return requests
}

func main() {
	address := flag.String("web.listen-address", ":9000", "Address to listen on.")
	flag.Parse()

	handler := promhttp.Handler()
	series, _ := strconv.Atoi(os.Getenv("SERIES"))
	if os.Getenv("BARE") != "" {
		registry := prometheus.NewRegistry()
		registry.MustRegister(newHello())
		handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	} else if series == 0 {
		prometheus.MustRegister(newHello())
	} else {
		prometheus.MustRegister(newRequests(series))
	}
	http.Handle("/metrics", handler)
	log.Fatal(http.ListenAndServe(*address, nil))
}
