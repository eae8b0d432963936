// Gets each URL of its input as Go programs do, and prints the status and the body of the last response, or "error".
package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		response, err := http.Get(lines.Text())
		if err != nil {
			fmt.Println("error")
			continue
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode, string(body))
	}
}
