"""Names and keywords of other libraries that have no counterpart here: reason -> names.

Plain data for error messages (`answers`) and the migration guide. Delete a name when
this library gets it. In a name, ``*`` matches any text. Names of a tensor's methods have no ``*``.
"""

#: Names of PyTorch's tensors and of NumPy's arrays.
METHODS = {
    "After backward(), the gradient is in .grad.": "gradient gradients",
    "Leave it out: there are no devices, everything runs on the CPU.": (
        "device to_device get_device is_cuda is_cpu is_mps is_meta is_xpu is_pinned pin_memory "
        "record_stream share_memory_ is_shared devices device_buffer device_buffers sharding "
        "committed to_mkldnn ipu xpu mtia is_ipu is_xla is_mtia is_vulkan is_mkldnn "
        "addressable_data addressable_shards copy_to_host_async is_ready is_fully_addressable "
        "is_fully_replicated"
    ),
    "This is about the memory of an array. Use the tensor's NumPy array, x.data.": (
        "strides stride storage storage_offset storage_type untyped_storage data_ptr base flags "
        "ctypes flat is_contiguous layout as_strided as_strided_ as_strided_scatter tobytes "
        "getfield dim_order is_set_to unsafe_buffer_pointer"
    ),
    "A tensor cannot be changed in place. Compute new values with np.where, np.concatenate or "
    "np.stack. Only a leaf can get new data: w.data = ...": (
        "scatter scatter_ scatter_add scatter_add_ scatter_reduce scatter_reduce_ index_add "
        "index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_ "
        "index_reduce index_reduce_ masked_scatter masked_scatter_ masked_fill_ slice_scatter "
        "select_scatter diagonal_scatter fill fill_diagonal_ put partition resize resize_ "
        "resize_as resize_as_ setfield setflags byteswap set_ lock"
    ),
    "A file can store the values, but not the tape. Write np.save(file, "
    "x.numpy()).": "tofile dump dumps",
    "x.numpy() returns the array.": "to_numpy toarray asnumpy eval",
    "Call the function with the tensor: f(x).": "apply map apply_ map_",
    "There are no hooks. loss.tape().adjoints() returns the gradients of all tensors. "
    "ag.gradients(loss, x) returns the gradient of one tensor.": (
        "register_hook register_post_accumulate_grad_hook retains_grad grad_dtype output_nr"
    ),
    "There are no complex numbers. Make one tensor of the real part and one of the imaginary "
    "part.": (
        "cfloat cdouble chalf is_complex is_conj is_neg resolve_conj resolve_neg view_as_real "
        "view_as_complex complex complex32 polar stft istft H mH conj_physical holomorphic_grad"
    ),
    "NumPy has no such dtype. Use one that NumPy has: x.astype(np.float16).": (
        "bfloat16 char byte int_repr dequantize q_scale q_zero_point q_per_channel_axis "
        "q_per_channel_scales q_per_channel_zero_points qscheme is_quantized int4 int2 int1 uint4 "
        "uint2 uint1"
    ),
    "There are no sparse arrays. A tensor stores all of its entries.": (
        "to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr to_dense "
        "coalesce is_coalesced is_sparse is_sparse_csr crow_indices ccol_indices row_indices "
        "col_indices sparse_dim sparse_mask sparse_resize_ dense_dim smm sspaddmm nonzero_static"
    ),
}

#: Functions and modules of PyTorch and JAX.
FUNCTIONS = {
    "There are no devices: everything runs on the CPU.": (
        "device devices cuda mps xpu cpu mtia accelerator device_count local_devices "
        "default_device pmap shard_map smap make_mesh set_mesh sharding NamedSharding Device "
        "set_default_device get_default_device distributed DataParallel parallel backends "
        "local_device_count process_* psum pmean pmax pmin all_gather transfer_guard* "
        "make_array_from_* host_id* clear_caches live_arrays cudnn* mkldnn* miopen*"
    ),
    "autograd_mini has no module of this name. The functions that you need are in ag (ag.grad, "
    "ag.softmax) and in NumPy.": (
        "autograd functional func special linalg lax scipy numpy np jnp experimental F torch jax"
    ),
    "Operations are recorded while Python runs them, so write a Python loop or if.": (
        "scan while_loop fori_loop cond switch associative_scan map_fn"
    ),
    "To draw a class, make rng = np.random.default_rng(0), then write rng.choice(len(p), "
    "p=p.data), where p = ag.softmax(logits).": "multinomial categorical choice Categorical sample",
    "ag.draw(loss) draws the tape, and ag.explore(loss) makes a page.": (
        "plot make_dot visualize show show_graph draw_graph torchviz"
    ),
    "Use NumPy for random numbers: rng = np.random.default_rng(0), then rng.normal(size=(2, 3)).": (
        "normal poisson binomial Generator key initial_seed default_generator "
        "get_rng_state set_rng_state seed uniform fold_in truncated_normal "
        "distributions quasirandom gumbel_softmax exponential randint_like"
    ),
    "Trees are dicts, lists and tuples. Write a comprehension: {name: p - lr * g[name] for "
    "name, p in parameters.items()}.": (
        "tree tree_util tree_map tree_leaves tree_flatten tree_unflatten tree_structure"
    ),
    "Operations are always recorded, except inside ag.no_grad(). Move your code out of that "
    "block.": ("enable_grad is_grad_enabled is_inference_mode_enabled grad_mode"),
    "You do not need it: every operation is recorded. Call loss.backward(), then read "
    "w.grad.": "GradientTape Tracer",
    "The dtypes are NumPy's, and float64 is the default. For float32, pass dtype=np.float32.": (
        "set_default_dtype get_default_dtype set_default_tensor_type FloatTensor DoubleTensor "
        "LongTensor IntTensor HalfTensor BoolTensor ByteTensor CharTensor ShortTensor bfloat16 "
        "enable_x64 set_float32_matmul_precision get_float32_matmul_precision *autocast* amp "
        "GradScaler default_matmul_precision float8_* float4_* int4 int2 uint4 uint2"
    ),
    "Save a model with np.savez(file, **model.state_dict()), and load it with "
    "model.load_state_dict(np.load(file)).": (
        "save load save_model load_model savez serialization export state_dict load_state_dict hub"
    ),
    "There are only reverse-mode rules: ag.primitive(function, rule). ag.jvp uses these rules "
    "too.": (
        "custom_jvp defjvp defvjp custom_derivatives linear_transpose forward_ad custom_root "
        "custom_linear_solve"
    ),
    "Write `for x_batch, y_batch in data.batches(x, y, 32):`. nn.train makes batches itself.": (
        "DataLoader TensorDataset Dataset utils"
    ),
    "The losses are ag.softmax_cross_entropy, ag.mse_loss, ag.nll_loss and "
    "ag.sigmoid_binary_cross_entropy.": "mse bce nll xent ce MSE BCE loss losses",
    "There are no global settings. Pass an argument, or use a block such as `with "
    "ag.no_grad():`.": "config set_*",
    "This library has no such tool. ag.compile(f) turns a function into a NumPy program.": (
        "script trace onnx fx disable_jit torchscript tpu xla interpreters freeze fork wait jit_*"
    ),
    "Print the values. Or write `with ag.debug():`, which stops at the first NaN.": (
        "profiler* pure_callback io_callback detect_anomaly *_anomaly_enabled anomaly_mode "
        "checking_leaks check_tracer_leaks debug_infs host_callback monitor"
    ),
    "Index the tensor: x[start:stop]. To replace entries, use np.where or np.concatenate.": (
        "dynamic_* slice_in_dim index_in_dim index_take lax_slice"
    ),
    "Running extremes have no derivative rule. Write a loop with np.maximum or np.minimum.": (
        "cummax cummin"
    ),
    "NumPy has no such function. Add it with ag.primitive, for example with scipy.special: "
    "ag.primitive(erf, lambda g, y, x: g * 2 / np.pi**0.5 * np.exp(-x**2)).": (
        "erf erfc erfinv lgamma gammaln digamma polygamma mvlgamma igamma* gammainc betainc ndtri "
        "log_ndtr bessel_* i0e i1 zeta erf_inv matrix_exp lu lu_* triangular_solve symeig ormqr "
        "orgqr geqrf cholesky_solve cholesky_inverse lobpcg svd_lowrank pca_lowrank mode "
        "kaiser_window renorm bilinear unique_consecutive"
    ),
}

#: Layers of PyTorch, and the functions behind them.
LAYERS = {
    "Write class Net(nn.Module). Store its layers in attributes. An attribute may also be a list "
    "or a dict of layers.": (
        "Module ModuleList ModuleDict ParameterList ParameterDict Container modules Buffer"
    ),
    "Take the mean over the image: x.mean(axis=(-2, -1)).": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d adaptive_avg_pool2d GlobalAveragePooling2D "
        "AdaptiveAvgPool* adaptive_avg_pool* Global*Pool*"
    ),
    "There is nn.Linear.": "Dense FullyConnected Affine",
    "There are nn.Conv1d, nn.Conv2d, nn.MaxPool2d and nn.AvgPool2d. Write others with NumPy's "
    "functions.": (
        "Upsample *Conv[123T]* *conv[123]d *conv_transpose* "
        "conv_tbc convolution conv conv_general_* conv_with_* *Pool[123]d *pool[123]d* *Unpool* "
        "Upsamp* upsample* interpolate [Uu]nfold [Ff]old *Shuffle *shuffle grid_sample* "
        "affine_grid* reduce_window"
    ),
    "Write np.pad(x, ((0, 0), (1, 1))).": "ZeroPad2d *Pad[123]d constant_pad_nd",
    "There are nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm and nn.RMSNorm.": (
        "*Norm[123]d *batch_norm* GroupNorm group_norm instance_norm *ResponseNorm "
        "local_response_norm SyncBatchNorm *Norm"
    ),
    "There is nn.Dropout, which drops single entries.": "Dropout2d *Dropout* *dropout*",
    "There are nn.MultiheadAttention and nn.TransformerBlock. To make a transformer, use several "
    "blocks, one after the other.": ("Transformer Multihead* *attention* Transformer*"),
    "The layers are nn.RNN, nn.LSTM and nn.GRU. To write another cell, loop over the steps: "
    "h = np.tanh(x[t] @ W + h @ U + b).": "RNNBase rnn_* lstm* gru* *RNN* *LSTM* *GRU*",
    "There is nn.Embedding. As a function, it is ag.embedding(indices, table).": (
        "EmbeddingBag *mbedding*"
    ),
    "A layer draws its initial values with rng=. For other values, call a function of nn.init, or "
    "write p.data = rng.normal(size=p.shape).": (
        "initializers init kaiming_* xavier_* glorot_* he_* lecun_* orthogonal_ trunc_normal_ "
        "eye_ dirac_ sparse_"
    ),
    "Before step(), call optim.clip_grad_norm_(model.parameters(), max_norm).": (
        "utils clip_grad_* clip_by_global_norm"
    ),
    "Write the formula with NumPy's functions.": (
        "KLDivLoss *Loss *_loss CELU celu SELU selu GLU glu RReLU rrelu *ardshrink *oftshrink "
        "*ardswish hard_s* sparse_plus log1mexp pdist"
    ),
}

#: Optimisers of PyTorch and Optax.
OPTIMISERS = {
    "optim.Adam is the most similar optimiser. To add an optimiser, define step() in a subclass of "
    "optim.Optimizer.": (
        "RMSprop Adagrad Adadelta Adamax NAdam RAdam ASGD Rprop SparseAdam Adafactor Muon "
        "adamw rmsprop adagrad lion lamb Lion swa_utils"
    ),
    "A schedule is a function of the step, such as schedule = optim.cosine(lr, steps). Before each "
    "step, write optimizer.lr = schedule(t).": (
        "lr_scheduler StepLR *LR *_schedule exponential_decay *_decay ReduceLROnPlateau linear "
        "exponential step constant polynomial"
    ),
    "Pass ag.value_and_grad(f) to scipy.optimize.minimize, with jac=True.": "LBFGS lbfgs",
    "Call loss.backward() and optimizer.step().": "apply_updates chain update init",
}

#: Data sets, and what PyTorch and scikit-learn read them with.
DATA = {
    "Write `for x_batch, y_batch in data.batches(x, y, 32):`. nn.train makes batches itself.": (
        "DataLoader TensorDataset Dataset Subset Sampler dataloader loader"
    ),
    "Write x, labels, x_test, labels_test = data.split(x, labels).": (
        "random_split train_test_split"
    ),
    "The data sets are data.digits, data.moons, data.names and data.text. For others, load arrays "
    "with NumPy.": (
        "*mnist* *MNIST* *cifar* *CIFAR* iris load_* make_* fetch_* datasets shakespeare "
        "ImageFolder"
    ),
}

#: Attributes of PyTorch's models.
MODELS = {
    "Leave it out: there are no devices, everything runs on the CPU. For another dtype, pass "
    "dtype= when you make the layers.": "to",
    "Leave it out: there are no devices, everything runs on the CPU.": "cuda cpu device",
    "Pass dtype= when you make the layers.": "half float double type",
    "Save with np.savez(file, **model.state_dict()), and load with "
    "model.load_state_dict(np.load(file)).": "save load",
    "Write a loop: for module in model.modules(): ...": (
        "children named_children named_modules apply"
    ),
    "A plain array in an attribute is a buffer: self.mean = np.zeros(3).": (
        "register_buffer buffers named_buffers"
    ),
    "A Tensor in an attribute is a parameter: self.w = ag.tensor(..., requires_grad=True).": (
        "register_parameter"
    ),
    "Store the Module in an attribute, or in a list or dict that is an attribute.": (
        "add_module register_module"
    ),
    "To freeze a model, call model.requires_grad_(False).": "freeze",
    "There are no hooks. To see values, use ag.summary, ag.explore or ag.debug.": (
        "register_forward_hook register_full_backward_hook register_forward_pre_hook"
    ),
    "Write the training loop, or use nn.train.": "fit compile",
    "Compute a loss from the output of the model, and call loss.backward().": "backward",
}

#: Attributes of PyTorch's optimisers.
OPTIMISER = {
    "The options of the groups are optimizer.groups, a list of dicts. The tensors are "
    "optimizer.parameters, and the learning rate is optimizer.lr.": (
        "param_groups defaults state get_lr get_last_lr learning_rate"
    ),
    "List all groups when you make the optimiser: optim.SGD([{'params': v}, {'params': w, 'lr': "
    "0.1}], lr=0.01).": "add_param_group",
    "Call loss.backward() and optimizer.step().": "minimize apply_gradients update init",
}

#: keyword -> the keyword here.
RENAMED = {
    "dim": "axis",
    "dims": "axis",
    "dim0": "axis1",
    "dim1": "axis1",
    "dim2": "axis2",
    "keepdim": "keepdims",
    "learning_rate": "lr",
    "step_size": "lr",
    "params": "parameters",
    "argnum": "argnums",
    "donate_argnums": "donate",
    "fun": "f",
    "func": "f",
    "in_features": "inputs",
    "out_features": "outputs",
    "seed": "rng",
    "generator": "rng",
    "key": "rng",
    "nonlinearity": "activation",
    "grad_outputs": "gradient",
    "grad_tensors": "gradient",
    "grad_output": "gradient",
    "outputs": "result",
    "attn_mask": "mask",
    "T_max": "steps",
    "num_training_steps": "steps",
    "num_warmup_steps": "warmup",
    "eta_min": "final",
    "d_model": "embed_dim",
    "nhead": "num_heads",
    "batch_size": "size",
    "test_size": "held_out",
    "random_state": "rng",
    "input_size": "inputs",
    "output_size": "outputs",
    "units": "outputs",
}

#: keyword, or function.keyword -> why there is none.
KEYWORDS = {
    "retain_graph": "Leave it out: backward() can be called any number of times.",
    "create_graph": "ag.gradients(loss, w) returns gradients that can be differentiated again.",
    "inputs": "ag.gradients(loss, [v, w]) computes the gradients of some tensors only.",
    "set_to_none": "Leave it out: .grad is always set to None.",
    "device": "Leave it out: there are no devices, everything runs on the CPU.",
    "non_blocking": "Leave it out: there are no devices, everything runs on the CPU.",
    "pin_memory": "Leave it out: there are no devices, everything runs on the CPU.",
    "memory_format": "Leave it out: the memory layout is NumPy's.",
    "layout": "Leave it out: the memory layout is NumPy's.",
    "inplace": "Leave it out: a tensor is never changed in place.",
    "force": "Leave it out: .numpy() always returns a copy.",
    "descending": "Leave it out, and negate the array: (-x).argsort().",
    "unbiased": "Write ddof=1 for unbiased=True, and ddof=0 for unbiased=False.",
    "correction": "Write ddof=1 for correction=1.",
    "stable": "Leave it out: equal entries keep their order.",
    "as_tuple": "Leave it out: .nonzero() returns a tuple. np.argwhere(x) returns one array.",
    "start_dim": "Write x.reshape(len(x), -1) for x.flatten(1).",
    "end_dim": "Write x.reshape(len(x), -1) for x.flatten(1).",
    "size_average": "Write reduction='mean' or reduction='sum'.",
    "reduce": "Write reduction='none'.",
    "allow_unused": "Leave it out: the gradient of an unused tensor is zero.",
    "use_reentrant": "Leave it out: write ag.checkpoint(f)(x).",
    "holomorphic": "Leave it out: there are no complex numbers.",
    "allow_int": "Leave it out, and convert ints: x.astype(float).",
    "static_argnums": "Leave it out: arguments that are not arrays are constants of the program.",
    "static_argnames": "Leave it out: arguments that are not arrays are constants of the program.",
    "fullgraph": "Leave it out: the whole function is always compiled.",
    "dynamic": "Leave it out: a function is traced again for new shapes.",
    "backend": "Leave it out, or write target='c'.",
    "mode": "Leave it out: the program is NumPy's.",
    "vectorize": "Leave it out.",
    "load_state_dict.strict": "Leave it out: all names are needed. To load a part of a state, pass "
    "model.state_dict() | part.",
    "strict": "Leave it out: the derivative with respect to an unused input is 0.",
    "shuffle": "Leave it out: batches are shuffled. To keep the order, slice the arrays.",
    "drop_last": "Leave it out, and skip the last batch: if len(x_batch) == size.",
    "num_workers": "Leave it out: batches are slices of arrays in memory.",
    "input_size": "Pass an example with a batch axis: ag.summary(model, np.zeros((8, 3))).",
    "format": "Save the result, ag.draw(loss).save('loss.png'): the ending chooses the format.",
    "filename": "Save the result: ag.draw(loss).save('loss.svg').",
    "bidirectional": "Leave it out. Run a second layer on x[::-1], reverse its output with [::-1], "
    "and join both with np.concatenate.",
    "dropout": "Put an nn.Dropout between the layers. Make a separate layer for each of the "
    "num_layers.",
    "nesterov": "Leave it out: SGD has only the classical momentum.",
    "amsgrad": "Leave it out: AMSGrad is not implemented.",
    "foreach": "Leave it out.",
    "capturable": "Leave it out.",
    "maximize": "Leave it out, and minimise the negative: (-value).backward().",
    "closure": "Leave it out: call loss.backward() before step().",
    "names": "Leave it out: axes have no names. name= names the whole tensor.",
    "norm_type": "Leave it out: the norm is √(Σ g²), as with norm_type=2.",
    "error_if_nonfinite": "Leave it out, and check the result: if not np.isfinite(norm): ...",
    "approximate": "Leave it out: gelu is the tanh approximation.",
    "training": "Leave it out.",
    "batch_first": "Leave it out: the batch is always the first axis.",
    "track_running_stats": "Leave it out: a layer always has running statistics. "
    "ag.batch_norm(x, training=True) has none.",
    "need_weights": "Leave it out: only the output is returned. attention.weights(x) returns the "
    "weights of each head, and .mean(axis=-3) their mean.",
    "key_padding_mask": "Write mask=keep[:, None, None, :]. It is True where a key may be seen.",
    "padding_mode": "Leave it out: padding is with zeros. For another mode, call np.pad(x, ...).",
    "ceil_mode": "Leave it out. A window that would reach beyond the image is not computed.",
    "return_indices": "Leave it out: only the largest entries are returned.",
    "norm_first": "Leave it out: the norm always comes first.",
    "dim_feedforward": "Leave it out: the MLP has four times as many features.",
    "dropout_p": "Leave it out: ag.dropout(v, p) drops entries of the values.",
    "scale": "Leave it out: the scores are divided by √d. For another scale, multiply q.",
    "padding_idx": "Leave it out: to keep a row at 0, multiply the result by input != padding.",
    "eps": "Leave it out: the step is chosen for each entry. The tolerances are rtol and atol.",
    "raise_exception": "Leave it out: a wrong gradient always raises an error.",
    "policy": "Leave it out: all intermediate results are computed again.",
}
