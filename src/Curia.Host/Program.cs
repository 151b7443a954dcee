return Curia.Host.CuriaHost.Run(args, Curia.Endpoints.EndpointTable.Empty);
