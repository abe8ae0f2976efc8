using sls_function;
using sls_function.Orders;
using Serverless;

// Each is made when the function that runs here first needs it.
var orders = new Lazy<OrdersTable>(() => OrdersTable.Open(Environment.GetEnvironmentVariable));

return await new Service()
    .On(Api.Routes(orders))
    .BeforeFirstEvent(SystemCertificates.ReadAsync)
    .BeforeFirstEvent(() => DynamoDb.ConnectAsync("ORDERS_TABLE", () => orders.Value.Client))
    .RunAsync(args);
