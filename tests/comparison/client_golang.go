// Seven metrics of a job queue, with client_golang.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "queue"

var constLabels = prometheus.Labels{"site": "north"}

type queue struct {
	jobsTotal     *prometheus.CounterVec
	failuresTotal *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	waiting       *prometheus.GaugeVec
	workers       prometheus.Gauge
	lastSuccess   prometheus.Gauge
	memoryBytes   prometheus.Gauge
}

func newQueue() *queue {
	return &queue{
		jobsTotal: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace:   namespace,
			Name:        "jobs_total",
			Help:        "Jobs processed.",
			ConstLabels: constLabels,
		}, []string{"queue"}),
		failuresTotal: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace:   namespace,
			Name:        "failures_total",
			Help:        "Jobs that failed.",
			ConstLabels: constLabels,
		}, []string{"queue", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace:   namespace,
			Name:        "duration_seconds",
			Help:        "Time to process a job.",
			ConstLabels: constLabels,
			Buckets:     []float64{0.1, 1, 10},
		}, []string{"queue"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace:   namespace,
			Name:        "waiting",
			Help:        "Jobs waiting.",
			ConstLabels: constLabels,
		}, []string{"queue"}),
		workers: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace:   namespace,
			Name:        "workers",
			Help:        "Workers running.",
			ConstLabels: constLabels,
		}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace:   namespace,
			Name:        "last_success_timestamp_seconds",
			Help:        "Time of the last success.",
			ConstLabels: constLabels,
		}),
		memoryBytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace:   namespace,
			Name:        "memory_bytes",
			Help:        "Memory in use.",
			ConstLabels: constLabels,
		}),
	}
}

func (q *queue) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		q.jobsTotal,
		q.failuresTotal,
		q.duration,
		q.waiting,
		q.workers,
		q.lastSuccess,
		q.memoryBytes,
	}
}

func main() {
	address := flag.String("web.listen-address", ":9000", "Address to listen on.")
	flag.Parse()

	q := newQueue()
	prometheus.MustRegister(q.collectors()...)
	q.jobsTotal.WithLabelValues("mail").Add(3)
	q.failuresTotal.WithLabelValues("mail", "timeout").Inc()
	q.duration.WithLabelValues("mail").Observe(0.5)
	q.waiting.WithLabelValues("mail").Set(2)
	q.workers.Set(4)
	q.lastSuccess.Set(1700000000.5)
	q.memoryBytes.Set(1048576)

	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe(*address, nil))
}
